import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runBody } from "../../lab/body.js";
import { historyIn } from "../../lab/history.js";
import { scratch } from "../../lab/program.js";
import { LocalWith, pathOf, shells } from "../../lab/shells.js";

/** Ends a script that has changed something, with these words; the history is below $1. */
const changing = (...deeds: string[]) =>
  [`essay_history='{"at":"then"'`, 'note_in "$1"', ...deeds.map((deed) => `noted ${deed}`)].join("\n");

for (const shell of shells)
  test(`${shell}: the history begins anew when it is long, and keeps what was before it once`, async (t) => {
    const folder = join(scratch(t), ".essay");
    const [log, older] = [join(folder, "history.jsonl"), join(folder, "history.1.jsonl")];
    // Where sh has no flock, Python locks.
    const transport = new LocalWith({ PATH: `${pathOf(shell)}:${process.env.PATH}` });
    const run = async (body: string) => {
      const { status, results, stderr } = await runBody(body, { transport, args: [folder] });
      assert.equal(status, 0, stderr);
      return results;
    };
    mkdirSync(folder);
    const line = `${JSON.stringify({ text: "x".repeat(988) })}\n`;
    // A thousand bytes each; a full disk has cut the last one short.
    writeFileSync(log, `${line.repeat(262)}${line.slice(0, 100)}`);

    await run(changing("one"));
    const text = readFileSync(log, "utf8");
    assert.equal(text.length > 262_144, true);
    assert.deepEqual(text.split("\n").at(-2), '{"at":"then","changes":["one"],"outcome":"done"}');

    const long = await run(changing("two", `"${"y".repeat(4000)}"`));
    assert.equal(readFileSync(older, "utf8"), text);
    const anew = { at: "then", changes: ["2 changes"], outcome: "done" };
    assert.deepEqual(historyIn(log), [anew]);
    assert.deepEqual(JSON.parse(long.get("history") ?? ""), anew);
    assert.equal(statSync(log).mode & 0o777, 0o600);

    const last = await run('result lines "$(history_lines "$1" 2)"');
    const lines = (last.get("lines") ?? "").split("\n");
    assert.deepEqual(lines, [text.split("\n").at(-2), readFileSync(log, "utf8").trim()]);
  });
