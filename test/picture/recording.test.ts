import assert from "node:assert/strict";
import { test } from "node:test";
import { framesOf, recordingIn, written } from "./recording.js";

const recording = {
  columns: 10,
  rows: 3,
  parts: [
    [0.5, "$ "],
    [1, "ls\r\n\x1b[?25l\x1b[31mno\x1b"],
    [1.5, "[0m\x1b[?25h"],
    [2, "\x1b[?25l\x1b[?25h\r\n"],
    [3, "a"],
    [3.05, "b"],
  ],
} as const;

test("a recording is read as it was written, and begins with what asciinema(1) wants", () => {
  const text = written(recording);
  assert.equal(text.split("\n")[0], '{"version":2,"width":10,"height":3}');
  assert.deepEqual(recordingIn(text), recording);
});

test("frames are the screens that differ, when nothing is being drawn", () => {
  const prompt = (text: string) => [{ text, isRed: false }];
  assert.deepEqual(framesOf(recording), [
    { seconds: 0.5, lines: [prompt("$")] },
    { seconds: 1.5, lines: [prompt("$ ls"), [{ text: "no", isRed: true }]] },
    { seconds: 3, lines: [prompt("$ ls"), [{ text: "no", isRed: true }], prompt("ab")] },
  ]);
});
