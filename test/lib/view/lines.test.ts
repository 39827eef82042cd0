import assert from "node:assert/strict";
import { test } from "node:test";
import { width } from "../../../lib/base/width.js";
import { Board } from "../../../lib/view/board.js";
import { finalLines, liveLines } from "../../../lib/view/lines.js";

const steps = ["es-venv", "es-pip", "es-supervisor", "es-check"];

/** How far each of some hosts has come: steps that are done, and how the next one stands. */
type Way = readonly [done: number, next?: "working" | { code: string; said: string }];

function boardOf(ways: Record<string, Way>): Board {
  const board = new Board();
  for (const [stage, step] of steps.entries()) board.take({ what: "step", stage, step }, 0);
  for (const host of Object.keys(ways)) board.take({ what: "came", host, stage: 0, step: "es-venv" }, 0);
  for (const [host, [done, next]] of Object.entries(ways)) {
    for (const [stage, step] of steps.entries()) {
      const by = { host, stage, step };
      if (stage < done) board.take({ what: "done", ms: 400, said: `${step} said so`, ...by }, 0);
      else if (stage === done && next === "working") board.take({ what: "begun", ...by }, 1000);
      else if (stage === done && typeof next === "object")
        board.take({ what: "done", ms: 100, ...next, ...by }, 0);
    }
  }
  return board;
}

const heading = { title: "es deploy 26.1.31.1 a", began: 0 };
const refused = { code: "version-not-found", said: "no essay_demo 26.1.31.1 on http://pypi.example/simple/" };
const four = boardOf({ web1: [4], web2: [1, "working"], web3: [1, refused], web4: [0] });
const texts = (lines: readonly { text: string }[]) => lines.map(({ text }) => text);

test("a step has a column, and what failed is on top with its reason", () => {
  const lines = liveLines(four, heading, { columns: 80, rows: 24 }, 3500);
  assert.deepEqual(texts(lines), [
    "es deploy 26.1.31.1 a",
    "1 of 4 done, 1 failed, 1 at work, 1 waiting, 3 s",
    "HOST  es-venv    es-pip     es-supervisor  es-check",
    "web3  0.4 s      failed",
    "  es-pip: version-not-found: no essay_demo 26.1.31.1 on http://pypi.example/...",
    "web1  0.4 s      0.4 s      0.4 s          0.4 s      es-check said so",
    "web2  0.4 s      2 s ...                              es-venv said so",
    "web4",
  ]);
  assert.deepEqual(
    lines.flatMap(({ bad }, i) => (bad ? [i] : [])),
    [3, 4],
  );
});

test("before the first host is there, nothing is counted", () => {
  const lines = liveLines(new Board(), heading, { columns: 80, rows: 24 }, 1500);
  assert.deepEqual(texts(lines), ["es deploy 26.1.31.1 a", "starting, 1 s"]);
});

test("the last table has all, why something failed in whole, and no host that still is at work", () => {
  assert.deepEqual(texts(finalLines(four, heading, { columns: 80, rows: 4 }, 61_000)), [
    "es deploy 26.1.31.1 a",
    "HOST  es-venv    es-pip     es-supervisor  es-check",
    "web3  0.4 s      failed",
    "  es-pip: version-not-found: no essay_demo 26.1.31.1 on http://pypi.example/simple/",
    "web1  0.4 s      0.4 s      0.4 s          0.4 s      es-check said so",
    "web2  0.4 s      not ended                            es-venv said so",
    "web4",
    "1 failed, 1 not ended, 1 not reached, 1 done, 1 min 1 s",
  ]);
  assert.deepEqual(finalLines(new Board(), heading, { columns: 80, rows: 24 }, 1), []);
});

test("a narrow terminal has short names of steps, a narrower one only the step where a host is", () => {
  const short = texts(liveLines(four, heading, { columns: 62, rows: 24 }, 3500));
  assert.equal(short[2], "HOST  venv   pip      supervisor  check");
  assert.equal(short[6], "web2  0.4 s  2 s ...                     es-venv said so");
  assert.deepEqual(texts(liveLines(four, heading, { columns: 44, rows: 24 }, 3500)).slice(2), [
    "HOST  STEP",
    "web3  2/4 es-pip    failed",
    "  es-pip: version-not-found: no essay_de...",
    "web1  4/4 es-check  0.4 s    es-check sa...",
    "web2  2/4 es-pip    2 s ...  es-venv sai...",
    "web4",
  ]);
});

test("no terminal is too small, and no text too long or too odd", () => {
  const odd = boardOf({
    "\x1b[2J部署部署部署.example": [1, { code: "x\ny", said: "\u202e\x9b".repeat(50) }],
    b: [2, "working"],
  });
  for (const board of [four, odd, boardOf({})])
    for (const columns of [1, 2, 5, 9, 20, 37, 80, 300])
      for (const rows of [1, 2, 3, 4, 5, 8, 24]) {
        const lines = liveLines(board, { ...heading, signal: "SIGINT" }, { columns, rows }, 10);
        assert.ok(lines.length <= Math.max(1, rows - 1), `${columns}x${rows}`);
        for (const { text } of lines) {
          assert.ok(width(text) <= Math.max(1, columns - 1), `${columns}x${rows}: ${text}`);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: none must be there
          assert.doesNotMatch(text, /[\x00-\x1f\x7f-\x9f\u202e]/);
        }
      }
});

test("of many hosts those are shown that matter most, and the others are counted", () => {
  const ways = Object.fromEntries(
    Array.from({ length: 200 }, (_, i): [string, Way] => {
      if (i < 100) return [`web${i}`, [4]];
      if (i < 120) return [`web${i}`, [2, "working"]];
      if (i % 10 === 0) return [`web${i}`, [1, refused]];
      return [`web${i}`, [0]];
    }),
  );
  const board = boardOf(ways);
  board.take({ what: "came", host: "web0", of: 230, stage: 0, step: "es-venv" }, 0);
  const lines = texts(liveLines(board, heading, { columns: 80, rows: 24 }, 2000));
  assert.equal(lines.length, 23);
  assert.equal(lines[1], "100 of 230 done, 8 failed, 20 at work, 102 waiting, 2 s");
  const shown = lines.slice(3, -1).filter((line) => line.startsWith("web"));
  assert.deepEqual(
    shown.map((line) => line.split(" ")[0]),
    [120, 130, 140, 150, 160, 100, 101, 102, 103, 104, 105, 106, 107, 108].map((i) => `web${i}`),
  );
  assert.equal(lines.at(-1), "and 216 more: 3 failed, 11 at work, 102 waiting, 100 done");
  const tall = texts(liveLines(board, heading, { columns: 80, rows: 300 }, 2000));
  assert.equal(tall.length, 3 + 200 + 8 + 1);
  assert.equal(tall.at(-1), "and 30 more: 30 waiting");
});

test("a signal is told, and what it has cancelled stands behind what failed", () => {
  const board = boardOf({
    web1: [0, { code: "not-attempted", said: "not begun: SIGINT came before" }],
    web2: [1, { code: "cancelled", said: "cancelled by SIGINT" }],
    web3: [1, refused],
  });
  const lines = texts(liveLines(board, { ...heading, signal: "SIGINT" }, { columns: 100, rows: 24 }, 0));
  assert.deepEqual(lines.slice(1), [
    "0 of 3 done, 1 failed, 1 cancelled, 1 not begun, 0 s",
    "SIGINT: what runs is being ended",
    "HOST  es-venv    es-pip     es-supervisor  es-check",
    "web3  0.4 s      failed",
    "  es-pip: version-not-found: no essay_demo 26.1.31.1 on http://pypi.example/simple/",
    "web2  0.4 s      cancelled                            cancelled by SIGINT",
    "web1  not begun                                       not begun: SIGINT came before",
  ]);
});
