// Screens of the live view on a terminal. `ESSAY_SCREENS=write` writes them anew: look at what git says then.

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { expectStatus, fileOf, recordsOf, scratch } from "../lab/program.js";
import { Screen } from "../lab/screen.js";
import { atTerminal, type Dialogue } from "../lab/terminal.js";

const kept = fileURLToPath(new URL("../../../test/lib/live-view.screens/", import.meta.url));

const alias =
  "{unless --retry} es-pick --not --failed {1:FILE} | {if --retry} es-pick --failed --clear-errors {--retry:FILE} | es-work";

/** A folder with the alias `work`, of two steps, and a file of hosts that say what becomes of them. */
function ground(t: TestContext, work: readonly Record<string, unknown>[]): string {
  const cwd = scratch(t);
  writeFileSync(
    join(cwd, "essay.toml"),
    `[alias]\nwork = "${alias} | es-work | es-pick --not --failed"\ntoil = "${alias} | es-work"\n`,
  );
  const batch = { id: "b", size: work.length };
  const records = work.map((vars, i) => JSON.stringify({ host: `web${i + 1}.example`, batch, vars }));
  writeFileSync(join(cwd, "in.jsonl"), `${records.join("\n")}\n`);
  writeFileSync(join(cwd, "es-work"), `#!/bin/sh\nexec '${process.execPath}' '${fileOf("es-work")}' "$@"\n`);
  chmodSync(join(cwd, "es-work"), 0o755);
  return cwd;
}

const env = (cwd: string) => ({ HOME: cwd, TERM: "xterm", NO_COLOR: "" });

/** Runs a command on a terminal of a size. */
async function onScreen(cwd: string, size: string, command: string, dialogue: Dialogue = []) {
  const [columns, rows] = size.split("x").map(Number) as [number, number];
  const line = `stty cols ${columns} rows ${rows}; PATH="${cwd}:$PATH"; ${command}`;
  const ran = await atTerminal(line, dialogue, { cwd, env: env(cwd) });
  const screen = (text: string) => {
    const made = new Screen(columns, rows);
    made.feed(text);
    return made;
  };
  return {
    ...ran,
    end: screen(ran.stdout),
    /** The screen when a text had come for the first time. */
    when: (text: string) => {
      const at = ran.stdout.indexOf(text);
      assert.ok(at >= 0, ran.report);
      return screen(ran.stdout.slice(0, ran.stdout.indexOf("\x1b[?25h", at) + 6));
    },
  };
}

/** Lines as they are kept: with times that are always the same, as wide as they were, and without another program's. */
const masked = (lines: readonly string[]) =>
  lines
    .filter((line) => !line.startsWith("es-pick:"))
    .map((line) =>
      line
        .replace(/(?:\d+ min )?\d+(?:\.\d)? s( \.\.\.)?( *)/g, (whole, dots = "") =>
          `# s${dots}`.padEnd(whole.length),
        )
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");

function expectScreen(name: string, lines: readonly string[]): void {
  const file = join(kept, name);
  const text = masked(lines);
  if (process.env.ESSAY_SCREENS === "write") {
    mkdirSync(kept, { recursive: true });
    writeFileSync(file, text);
  }
  assert.ok(existsSync(file), `${file} is not there: ESSAY_SCREENS=write makes it`);
  assert.equal(text, readFileSync(file, "utf8"));
}

const sizes = ["80x24", "200x50"];

test("all is well: times of each host and step, and no other table where stdout is the terminal, too", async (t) => {
  const cwd = ground(t, [{}, { ms: 20 }, { ms: 10, same: true }, {}]);
  for (const size of sizes) {
    const ran = await onScreen(cwd, size, "es work in.jsonl");
    assert.equal(ran.status, 0, ran.report);
    assert.deepEqual([ran.end.cursorIsShown, ran.end.column], [true, 0]);
    expectScreen(`success-${size}`, ran.end.lines);
  }
});

test("some of many fail: they are on top while others work, and at the end, with their reasons; Ctrl-C says what it cancelled", async (t) => {
  const many = Array.from({ length: 60 }, (_, i) => {
    if (i === 3 || i === 11) return { fail: "version-not-found" };
    return i < 20 ? {} : { forever: true };
  });
  const cwd = ground(t, many);
  for (const size of sizes) {
    const state = "18 of 60 done, 2 failed, 30 at work, 10 waiting";
    const drawn = "\x1b[?25h";
    // Not earlier: the terminal would drop the rest of the drawing.
    const ran = await onScreen(cwd, size, "es toil in.jsonl >run.jsonl", [
      [state, ""],
      [drawn, "\x03"],
    ]);
    assert.equal(ran.status, 130, ran.report);
    expectScreen(`failure-${size}`, ran.when(state).lines);
    assert.deepEqual([ran.end.cursorIsShown, ran.end.column], [true, 0]);
    expectScreen(`interrupted-${size}`, [...ran.end.scrolled, ...ran.end.lines].slice(-70));
  }
  const records = recordsOf(readFileSync(join(cwd, "run.jsonl"), "utf8"));
  assert.equal(records.length, 60, "no record is on the screen, all are in the file");
});

test("partly failed, with the records in a file: what to type for those that failed", async (t) => {
  const cwd = ground(t, [{}, { fail: "pip-failed" }, {}]);
  for (const size of sizes) {
    const ran = await onScreen(cwd, size, "es toil in.jsonl >run.jsonl");
    assert.equal(ran.status, 1, ran.report);
    expectScreen(`partial-${size}`, ran.end.lines);
  }
  const again = await onScreen(cwd, "80x24", "es toil --retry run.jsonl >again.jsonl");
  assert.equal(again.status, 1, again.report);
  expectScreen("retry-80x24", again.end.lines);
});

test("plain lines without a terminal, and where they are asked for", async (t) => {
  const cwd = ground(t, [{}]);
  const lines = /^web1\.example {2}es-work {2}worked on web1\.example {2}\d\.\d s$/m;
  const PATH = `${cwd}:${process.env.PATH}`;
  const piped = await expectStatus(0, "es", ["work", "in.jsonl"], { cwd, env: { ...env(cwd), PATH } });
  assert.match(piped.stderr, lines);
  for (const command of [
    "es --plain work in.jsonl",
    "TERM=dumb es work in.jsonl",
    "NO_COLOR=1 es work in.jsonl",
    "es toil in.jsonl",
  ]) {
    const ran = await onScreen(cwd, "80x24", command);
    assert.match(ran.stdout.replaceAll("\r", ""), lines, command);
    assert.ok(!ran.stdout.includes("\x1b[?25"), ran.report);
  }
});
