import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { compose } from "../../../lib/remote/compose.js";

const folder = fileURLToPath(new URL("../../../../lib/remote/", import.meta.url));
const ending = (end: string) => readdirSync(folder).filter((name) => name.endsWith(end));
const scripts = ending(".sh");
const programs = ending(".py");
const read = (name: string) => readFileSync(`${folder}${name}`, "utf8");

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

test("what is in Python is a file of its own, which the oldest Python that hosts may have can read", () => {
  assert.ok(programs.includes("conf.py"));
  // Each by itself, and as it is sent: a script may send several as one program.
  const sent = new Map(programs.map((name) => [name, read(name)]));
  for (const script of scripts)
    for (const [, body = ""] of read(script).matchAll(/<<'PYTHON'[^\n]*\n(.*?)^PYTHON$/gms)) {
      assert.match(body, /^(@[\w-]+\.py@\n)+$/, script);
      const parts = [...body.matchAll(/@(.*)@/g)].map(([, name = ""]) => name);
      const whole = parts.map(read).join("");
      const { program } = compose({ parts: [script.slice(0, -3)], args: [], plan: false });
      assert.ok(program.includes(`\n${whole}PYTHON\n`), `${script} has not ${parts}`);
      sent.set(`${script} ${parts}`, whole);
      for (const part of parts) sent.set(`used ${part}`, "");
    }
  assert.deepEqual(
    programs.filter((name) => !sent.has(`used ${name}`)),
    [],
  );
  // As `python3 -m py_compile`, which leaves files behind, with the syntax of Python 3.8.
  const check = `import ast, json, sys
for name, text in json.load(sys.stdin).items():
    assert "\\nPYTHON\\n" not in text, name
    compile(ast.parse(text, name, feature_version=(3, 8)), name, "exec")`;
  execFileSync("python3", ["-c", check], {
    input: JSON.stringify(Object.fromEntries(sent)),
    stdio: ["pipe", "inherit", "inherit"],
  });
});
