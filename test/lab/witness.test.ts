import assert from "node:assert/strict";
import { test } from "node:test";
import { complaint, type Live } from "./witness.js";

const live: Live[] = [
  { version: "1.0", from: 0, until: 120 },
  { version: "1.1", from: 100, until: Infinity },
];
const asked = (began: number, ended: number, page: string | Error) => ({
  url: "http://site/",
  began,
  ended,
  page,
  repeated: false,
});

test("a reply must be of a version that was live at some moment of its request", () => {
  for (const [began, ended, version] of [
    [10, 20, "1.0"],
    [110, 115, "1.0"],
    [110, 115, "1.1"],
    // It began before the switch, and ended after it.
    [90, 130, "1.0"],
    [90, 130, "1.1"],
    [130, 140, "1.1"],
  ] as const)
    assert.equal(complaint(asked(began, ended, `version ${version}\n`), live), undefined);
  for (const [began, ended, version] of [
    [10, 20, "1.1"],
    [130, 140, "1.0"],
    [110, 115, "1.2"],
  ] as const)
    assert.match(
      complaint(asked(began, ended, `version ${version}\n`), live) ?? "",
      new RegExp(`showed "version ${version}\\\\n" while 1\\.`),
    );
});

test("what is no page is wrong", () => {
  assert.equal(complaint(asked(1, 2, new Error("no answer")), live), "http://site/ failed: no answer");
  assert.match(
    complaint(asked(1, 2, "version 1.0"), live) ?? "",
    /showed "version 1\.0" while 1\.0 was live/,
  );
});
