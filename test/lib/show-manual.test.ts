import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { bins, expectStatus, scratch } from "../lab/program.js";
import { atTerminal } from "../lab/terminal.js";

const page = fileURLToPath(new URL("../../../man/es-pick.1", import.meta.url));

/** What a terminal shows of a page where man(1) is this script. */
async function shown(t: TestContext, man: string): Promise<string> {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "man"), `#!/bin/sh\n${man}\n`);
  chmodSync(join(cwd, "man"), 0o755);
  const command = `stty cols 50; PATH="${cwd}:$PATH"; exec es-help pick`;
  const ran = await atTerminal(command, [], { cwd });
  assert.equal(ran.status, 0, ran.report);
  return ran.stdout.replaceAll("\r", "");
}

test("on a terminal, man shows the file of the page", async (t) => {
  assert.equal(await shown(t, 'echo "man $*"; test -t 1'), `man ${page}\n`);
});

test("where man cannot show it, it is there as text for that terminal", async (t) => {
  const text = await shown(t, "echo broken; exit 3");
  assert.match(text, /^broken\nNAME\n {5}es-pick - keep the records/);
  assert.match(text, /^ {5}es-pick reads records of standard input, or$/m);
});

test("without a terminal, man is not asked", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "man"), "#!/bin/sh\necho asked\n");
  chmodSync(join(cwd, "man"), 0o755);
  const ran = await expectStatus(0, "es-help", ["pick"], { cwd, env: { PATH: `${cwd}:${bins}` } });
  assert.match(ran.stdout, /^NAME\n {5}es-pick - .*\nSEE ALSO\n {5}es-gate\(1\)/s);
});
