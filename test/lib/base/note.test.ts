import assert from "node:assert/strict";
import { test } from "node:test";
import { finishedLine, type Note, noteText, noting } from "../../../lib/base/note.js";

const note: Note = {
  fields: { at: "2026-01-31T08:00:00Z", user: "jürgen", args: ["a", "\u2028'\"\\\n\ud800"] },
  folder: "~/p/.essay",
  keep: () => {},
  lost: () => {},
};

test("the line as far as it is known is ASCII, and JSON once it is ended", () => {
  const text = noteText(note);
  assert.match(text, /^[ -~]+$/);
  assert.deepEqual(JSON.parse(`${text}}`), note.fields);
});

test("a line is bounded, whatever the command line was", () => {
  const args = Array.from({ length: 500 }, (_, i) => `${i}`.padEnd(i === 0 ? 5000 : 10, "é"));
  const text = noteText({ ...note, fields: { args, version: "1".repeat(9999) } });
  assert.ok(text.length < 2000, String(text.length));
  const { args: kept, version } = JSON.parse(`${text}}`);
  assert.equal(kept.at(-1), "...");
  assert.ok(version.length < 204, version);
});

test("what becomes known later is added; without a note there is nothing to add to", () => {
  const task = noting({ note, plan: false }, { version: "1.0", commit: undefined });
  assert.deepEqual(task.note?.fields, { ...note.fields, version: "1.0" });
  const without = { note: undefined, plan: true };
  assert.equal(noting(without, { version: "1" }), without);
});

test("a script that could not say how it ended has failed", () => {
  const line = JSON.parse(finishedLine(note, ["p 1 installed"], "connection-lost"));
  assert.deepEqual([line.changes, line.outcome, line.code], [["p 1 installed"], "failed", "connection-lost"]);
});
