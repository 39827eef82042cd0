import assert from "node:assert/strict";
import { test } from "node:test";
import { style } from "../../../lib/report/style.js";

test("the style sheet loads nothing, and cannot end the element that it stands in", () => {
  assert.doesNotMatch(style, /url\(|@import|</);
});
