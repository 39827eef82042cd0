import assert from "node:assert/strict";
import { test } from "node:test";
import { timestamp } from "../../../lib/base/timestamp.js";

test("a moment is told in UTC and in whole seconds, cut off", () => {
  assert.equal(timestamp(1769846400999), "2026-01-31T08:00:00Z");
  assert.equal(timestamp(new Date("2026-01-31T09:00:01.500+01:00")), "2026-01-31T08:00:01Z");
});

test("without a moment it is now", () => {
  const before = Math.floor(Date.now() / 1000) * 1000;
  const now = Date.parse(timestamp());
  assert.ok(now >= before && now <= Date.now(), timestamp());
});
