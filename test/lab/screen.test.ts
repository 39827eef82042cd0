import assert from "node:assert/strict";
import { test } from "node:test";
import { Screen } from "./screen.js";

test("lines go up at the last row, and long ones are broken", () => {
  const screen = new Screen(4, 2);
  screen.feed("one\r\nabcdef\r\n");
  assert.deepEqual(screen.scrolled, ["one", "abcd"]);
  assert.deepEqual(screen.lines, ["ef", ""]);
});

test("the cursor moves up, lines are erased, and the cursor is hidden and shown", () => {
  const screen = new Screen(10, 4);
  screen.feed("one\r\ntwo\r\nthree\r\n\r\x1b[2A\x1b[31mnew\x1b[0m\x1b[K\r\n\x1b[?25l\x1b[J");
  assert.deepEqual([screen.lines, screen.cursorIsShown, screen.column], [["one", "new", ""], false, 0]);
  assert.throws(() => screen.feed("\x1b[2Z"), /does not know/);
  assert.throws(() => screen.feed("\x1b"), /not whole/);
});

test("red text is known as such", () => {
  const screen = new Screen(10, 2);
  screen.feed("a \x1b[31mbad\x1b[0m c\r\nd");
  assert.deepEqual(screen.colouredLines, [
    [
      { text: "a ", isRed: false },
      { text: "bad", isRed: true },
      { text: " c", isRed: false },
    ],
    [{ text: "d", isRed: false }],
  ]);
});
