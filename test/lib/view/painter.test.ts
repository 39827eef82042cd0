import assert from "node:assert/strict";
import { test } from "node:test";
import { Painter } from "../../../lib/view/painter.js";
import { Screen } from "../../lab/screen.js";

function painted(columns: number, rows: number) {
  const screen = new Screen(columns, rows);
  const written: string[] = [];
  const painter = new Painter({
    write: (text) => {
      written.push(text);
      screen.feed(text);
      assert.deepEqual(
        [screen.cursorIsShown, screen.column],
        [true, 0],
        "the terminal is in order after each write",
      );
    },
  });
  const draw = (...texts: string[]) => painter.draw(texts.map((text) => ({ text })));
  return { screen, written, painter, draw };
}

test("lines are drawn below what is there, again in their place, and taken away", () => {
  const { screen, painter, draw } = painted(20, 6);
  screen.feed("$ es deploy\r\n");
  draw("one", "two", "three");
  draw("one", "2", "three", "four");
  assert.deepEqual(screen.lines, ["$ es deploy", "one", "2", "three", "four", ""]);
  draw("four");
  assert.deepEqual(screen.lines, ["$ es deploy", "four", ""]);
  painter.clear();
  assert.deepEqual(screen.lines, ["$ es deploy", ""]);
});

test("only lines that differ are written, and nothing where none does", () => {
  const { written, draw } = painted(20, 6);
  draw("one", "two");
  draw("one", "two");
  assert.equal(written.length, 1);
  draw("one", "more");
  assert.match(written[1] ?? "", /more/);
  assert.doesNotMatch(written[1] ?? "", /one/);
});

test("after Ctrl-C, all lines are written: the terminal may not have shown them", () => {
  const { screen, painter, draw } = painted(20, 6);
  draw("one", "two");
  screen.feed("\x1b[2A\x1b[J\r\n\r\n");
  draw("one", "two");
  assert.deepEqual(screen.lines, ["", "", ""], "what is thought to be shown is not written");
  painter.doubt();
  draw("one", "two");
  assert.deepEqual(screen.lines, ["one", "two", ""]);
});

test("what failed is red", () => {
  const { written, painter } = painted(20, 6);
  painter.draw([{ text: "web1", bad: true }]);
  assert.ok(written[0]?.includes("\x1b[31mweb1\x1b[0m"), written[0]);
  painter.draw([{ text: "web1" }]);
  assert.equal(written.length, 2);
});

test("other lines go above ours, also where the screen is full", () => {
  const { screen, painter, draw } = painted(20, 4);
  draw("one", "two");
  painter.above("a\nb\n");
  painter.above("c\n");
  draw("one", "three");
  assert.deepEqual(
    [screen.scrolled, screen.lines],
    [
      ["a", "b"],
      ["c", "one", "three", ""],
    ],
  );
});

test("lines that a narrower terminal has broken are taken away with all their parts", () => {
  const { painter, draw } = painted(20, 8);
  draw("twenty characters", "short");
  const screen = new Screen(10, 8);
  const narrow: string[] = [];
  const before = new Painter({ write: (text) => narrow.push(text) });
  before.draw([{ text: "twenty characters" }, { text: "short" }]);
  before.resized({ columns: 10, rows: 8 });
  screen.feed("$ es\r\ntwenty characters\r\nshort\r\n");
  screen.feed(narrow.at(-1) ?? "");
  assert.deepEqual(screen.lines, ["$ es", ""]);
  painter.leave();
});

test("what is left stays where it is", () => {
  const { screen, painter, draw } = painted(20, 6);
  draw("one");
  painter.leave();
  draw("two");
  assert.deepEqual(screen.lines, ["one", "two", ""]);
});
