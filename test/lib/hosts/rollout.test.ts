import assert from "node:assert/strict";
import { test } from "node:test";
import { cutBatches, parseSizes } from "../../../lib/hosts/rollout.js";

const sizes = (text: string, hosts: number, all?: number) =>
  cutBatches(Array(hosts).fill("host"), parseSizes(text), all).map((batch) => batch.length);

const cases: [text: string, hosts: number, sizes: number[], all?: number][] = [
  ["1,10%,100%", 20, [1, 2, 17]],
  ["1,10%,100%", 1, [1]],
  ["1,10%,100%", 2, [1, 1]],
  ["1,10%,100%", 0, []],
  // Rounded down, but one at least.
  ["10%", 9, [1, 1, 1, 1, 1, 1, 1, 1, 1]],
  ["30%", 10, [3, 3, 3, 1]],
  ["35%", 10, [3, 3, 3, 1]],
  ["1%", 250, Array(125).fill(2)],
  ["100%", 7, [7]],
  // The last size repeats.
  ["1,2", 7, [1, 2, 2, 2]],
  ["50", 7, [7]],
  ["007", 8, [7, 1]],
  // Of all hosts, also where some have failed before.
  ["1,50%", 6, [1, 5], 10],
  ["999999", 3, [3]],
];

for (const [text, hosts, expected, all] of cases)
  test(`${text} of ${hosts} hosts${all ? `, which were ${all}` : ""}`, () =>
    assert.deepEqual(sizes(text, hosts, all), expected));

test("hosts keep their order", () => {
  assert.deepEqual(cutBatches(["a", "b", "c", "d"], parseSizes("1,2")), [["a"], ["b", "c"], ["d"]]);
});

for (const text of [
  "",
  "0",
  "0%",
  "101%",
  "1,,2",
  "1,",
  "1.5",
  "-1",
  "1 ,2",
  "a",
  "%",
  "10%%",
  "1e3",
  "٣",
  "1000000",
])
  test(`${JSON.stringify(text)} are no sizes`, () =>
    assert.throws(() => parseSizes(text), { name: "UsageError", message: /is no size of a batch/ }));
