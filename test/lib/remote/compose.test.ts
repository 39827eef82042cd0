import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { compose } from "../../../lib/remote/compose.js";

const folder = fileURLToPath(new URL("../../../../lib/remote/", import.meta.url));
const scripts = readdirSync(folder).filter((name) => name.endsWith(".sh"));

test("a program holds its arguments quoted, the prelude, and its parts in order", () => {
  const { program, ready } = compose({ parts: ["state"], args: ["it's", ""], payloadSize: 7, plan: true });
  assert.match(ready, /^essay-ready [0-9a-f]{16}$/);
  const lines = program.split("\n");
  assert.ok(lines.includes(`essay_ready='${ready}'`));
  assert.ok(lines.includes("essay_payload=7"));
  assert.ok(lines.includes("essay_plan=1"));
  assert.ok(lines.includes("set -- 'it'\\''s' ''"));
  assert.ok(program.indexOf("essay_watch()") < program.indexOf("lock_venv()"));
});

test("no arguments and no payload", () => {
  const { program } = compose({ parts: [], args: [], plan: false });
  assert.match(program, /^essay_payload=-$/m);
  assert.match(program, /^essay_plan=0$/m);
  assert.match(program, /^set -- $/m);
});

test("each program has a line of its own to begin with", () => {
  const one = compose({ parts: [], args: [], plan: false });
  const other = compose({ parts: [], args: [], plan: false });
  assert.notEqual(one.ready, other.ready);
});

test("the scripts are clean under shellcheck, and dash and busybox sh can read them", () => {
  assert.ok(scripts.includes("prelude.sh"));
  execFileSync("shellcheck", scripts, { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
  for (const script of scripts)
    for (const shell of [["dash"], ["busybox", "sh"]] as const)
      execFileSync(shell[0], [...shell.slice(1), "-n", script], { cwd: folder });
});
