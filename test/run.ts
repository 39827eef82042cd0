// Runs the tests: all of them, or with "unit" the quick ones, or those whose file name contains one of the
// words given. A file with .lab. in its name needs the lab.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Tests that start programs many times over. */
const startsPrograms =
  /^(bins\/|lib\/(attempts|step|cli|interrupt|remote\/|transport\/|package\/(checkout|sdist))|structure|es-cancel)/;

const needsLab = (file: string) => file.includes(".lab.");

const here = fileURLToPath(new URL(".", import.meta.url));
const words = process.argv.slice(2);
const files = readdirSync(here, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.js"))
  .filter((file) =>
    words[0] === "unit"
      ? !needsLab(file) && !startsPrograms.test(file)
      : words.length === 0 || words.some((word) => file.includes(word)),
  )
  .sort();
if (files.length === 0) throw new Error(`no test file matches ${words.join(" ")}`);

const environment: NodeJS.ProcessEnv = { PIP_CONFIG_FILE: "/dev/null", LC_ALL: "C.UTF-8" };
for (const [name, value] of Object.entries(process.env))
  if (!/^(PIP_|ESSAY_|TWINE_|NO_COLOR$|SSH_AUTH_SOCK$|SOURCE_DATE_EPOCH$)/.test(name))
    environment[name] ??= value;

/** Runs test files; resolves to the exit status. */
async function runFiles(chosen: readonly string[], before: readonly string[]): Promise<number> {
  if (chosen.length === 0) return 0;
  const [program = "", ...args] = [...before, process.execPath, "--test", "--test-concurrency=2", ...chosen];
  const child = spawn(program, args, { cwd: here, env: environment, stdio: "inherit" });
  const [status] = await once(child, "exit");
  return status ?? 1;
}

if (process.getuid?.() === 0) process.exitCode = await runFiles(files, []);
else {
  // The lab makes users and hosts for them, which only root can.
  const asRoot = ["sudo", "-n", "-H", "--preserve-env", "env", `PATH=${process.env.PATH}`];
  const units = files.filter((file) => !needsLab(file));
  const statuses = [await runFiles(units, []), await runFiles(files.filter(needsLab), asRoot)];
  process.exitCode = Math.max(...statuses);
}
