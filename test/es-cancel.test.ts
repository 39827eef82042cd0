// Ctrl-C at a terminal on an alias: every stage has the signal from the keyboard, and none has it twice.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "./lab/processes.js";
import { pathWithBins, scratch } from "./lab/program.js";
import { slowPython } from "./lab/slow.js";

test("all records come out, and es dies by the signal", async (t) => {
  const directory = scratch(t);
  const python = slowPython(directory);
  writeFileSync(
    join(directory, "essay.toml"),
    `[alias]\nslow = "es-hosts @local --prefix ${directory}/p | es-venv a --python ${python} | es-report --json"\n`,
  );
  const child = spawn("script", ["-qec", "es slow; echo went on >next", "/dev/null"], {
    cwd: directory,
    env: { ...process.env, PATH: pathWithBins, SHELL: "/bin/bash" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  let screen = "";
  child.stdout.on("data", (chunk) => {
    screen += chunk;
  });
  await until("the virtualenv under way", () => readFileSync(`${python}.started`, "utf8") !== "", 20_000);
  child.stdin.write("\x03");
  await once(child, "close");
  assert.match(screen, /"code":"cancelled"/, screen);
  assert.doesNotMatch(screen, /was ended by|never came/, screen);
  assert.throws(() => readFileSync(join(directory, "next")), screen);
});
