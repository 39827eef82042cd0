import assert from "node:assert/strict";
import { test } from "node:test";
import { Board } from "../../../lib/view/board.js";
import type { Event, Told } from "../../../lib/view/event.js";

const venv = (event: Event): Told => ({ ...event, stage: 1, step: "es-venv" });
const pip = (event: Event): Told => ({ ...event, stage: 2, step: "es-pip" });

function boardOf(...told: Told[]): Board {
  const board = new Board();
  for (const [now, one] of told.entries()) board.take(one, now);
  return board;
}

const states = (board: Board) => [...board.rows.values()].map((row) => board.stateOf(row));

test("a host waits, is at work, waits for the next step, and is done when the last one is", () => {
  const told = [
    pip({ what: "step" }),
    venv({ what: "step" }),
    venv({ what: "came", host: "web1", of: 3 }),
    venv({ what: "begun", host: "web1" }),
    venv({ what: "done", host: "web1", ms: 5, said: "made" }),
    pip({ what: "begun", host: "web1" }),
    pip({ what: "done", host: "web1", ms: 6, said: "installed" }),
  ];
  const seen = told.map((_, i) => states(boardOf(...told.slice(0, i + 1))).join());
  assert.deepEqual(seen, ["", "", "waiting", "working", "waiting", "working", "done"]);
  const board = boardOf(...told);
  assert.deepEqual(
    board.columns.map(({ step }) => step),
    ["es-venv", "es-pip"],
  );
  assert.equal(board.total, 3);
  assert.deepEqual(board.rows.get("web1")?.said, "installed");
  assert.deepEqual(board.rows.get("web1")?.cells.get("1 es-venv"), { state: "done", ms: 5 });
});

test("what failed, was cancelled, or was not begun", () => {
  const codes = ["locked", "cancelled", "not-attempted"];
  const board = boardOf(...codes.map((code) => pip({ what: "done", host: code, ms: 1, said: "why", code })));
  assert.deepEqual(states(board), ["failed", "cancelled", "not begun"]);
  assert.deepEqual(board.rows.get("locked")?.failed, { step: "es-pip", code: "locked" });
});

test("a host that a later step has a second try at is not failed for ever", () => {
  const failed = pip({ what: "done", host: "web1", ms: 1, said: "no", code: "locked" });
  assert.deepEqual(states(boardOf(failed, pip({ what: "done", host: "web1", ms: 1, said: "yes" }))), [
    "done",
  ]);
});

test("how far a step is with what it has in hand stands at the hosts that it works on", () => {
  const board = boardOf(
    venv({ what: "done", host: "web0", ms: 1, said: "made" }),
    pip({ what: "begun", host: "web1" }),
    pip({ what: "doing", said: "half of it" }),
  );
  assert.deepEqual(
    [...board.rows.values()].map(({ said }) => said),
    ["made", "half of it"],
  );
});
