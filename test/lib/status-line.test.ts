import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusLine } from "../../lib/status-line.js";

function screen(isTTY: boolean) {
  const seen: string[] = [];
  return { seen, isTTY, columns: 10, write: (text: string) => seen.push(text) };
}

test("one line is drawn again, no wider than the terminal, and makes room for others", async () => {
  const terminal = screen(true);
  const line = new StatusLine(terminal, true);
  line.draw(() => "half of a long way");
  line.draw(() => "too soon");
  line.write("done\n");
  line.draw(() => "more");
  line.clear();
  line.clear();
  assert.deepEqual(terminal.seen, ["\r\x1b[Khalf of a", "\r\x1b[K", "done\n", "\r\x1b[Kmore", "\r\x1b[K"]);
});

test("where nobody looks, or nobody wants it, only the other lines are written", () => {
  for (const [isTTY, wanted] of [
    [false, true],
    [true, false],
  ] as const) {
    const other = screen(isTTY);
    const line = new StatusLine(other, wanted);
    line.draw(() => "half");
    line.write("done\n");
    line.clear();
    assert.deepEqual(other.seen, ["done\n"]);
  }
});
