import assert from "node:assert/strict";
import { test } from "node:test";
import { readNote, readSight } from "../../../lib/nginx/balancer.js";
import { Results } from "../../../lib/remote/results.js";

function said(...lines: string[]): Results {
  const results = new Results();
  results.push(Buffer.from(lines.map((line) => `${line}\n`).join("")));
  return results;
}

test("what a script says of a note", () => {
  const lines = [
    "note-id\ts1",
    "note-from\tA",
    "note-to\tB",
    "note-by\tann@control",
    "note-of\tone",
    "note-of\ttwo",
  ];
  const note = {
    id: "s1",
    from: "A",
    to: "B",
    by: "ann@control",
    labels: ["one", "two"],
    complete: false,
    left: undefined,
  };
  assert.deepEqual(readNote(said(...lines, "note-left\t")), note);
  // Its time is over, and it goes back at this moment.
  assert.deepEqual(readNote(said(...lines, "note-left\t0")), { ...note, left: 0 });
  assert.deepEqual(readNote(said(...lines, "note-complete\tyes")), { ...note, complete: true });
  assert.equal(readNote(said("file\t/f")), undefined);
});

test("what a script says of a file", () => {
  const lines = ["file\t/f", "state\tto", "places\t2", "loaded\tno", "sum\t1-2", "after\t3-4"];
  assert.deepEqual(readSight(said(...lines)), {
    file: "/f",
    state: "to",
    places: 2,
    loaded: false,
    readers: "",
    sum: "1-2",
    after: "3-4",
  });
  const loaded = readSight(said("state\tfrom", "loaded\tyes", "readers\t7:8 9:10"));
  assert.deepEqual([loaded.state, loaded.loaded, loaded.readers], ["from", true, "7:8 9:10"]);
});
