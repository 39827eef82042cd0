// Runs the tests: all of them, or with "unit" those that need no server of the lab, or those whose file
// name contains one of the words given. A file with .lab. in its name needs the lab.

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const words = process.argv.slice(2);
const files = readdirSync(here, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.js"))
  .filter((file) =>
    words[0] === "unit"
      ? !file.includes(".lab.")
      : words.length === 0 || words.some((word) => file.includes(word)),
  )
  .sort();
if (files.length === 0) throw new Error(`no test file matches ${words.join(" ")}`);

const environment: NodeJS.ProcessEnv = { PIP_CONFIG_FILE: "/dev/null", LC_ALL: "C.UTF-8" };
for (const [name, value] of Object.entries(process.env))
  if (!/^(PIP_|ESSAY_|TWINE_|NO_COLOR$|SSH_AUTH_SOCK$|SOURCE_DATE_EPOCH$)/.test(name))
    environment[name] ??= value;

const child = spawn(process.execPath, ["--test", "--test-concurrency=2", ...files], {
  cwd: here,
  env: environment,
  stdio: "inherit",
});
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
