import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsOf, renderFindings } from "../../../lib/doctor/finding.js";

test("each finding is a line, with what to do below it, and a sum at the end", () => {
  const { ok, note, wrong } = findingsOf("web1");
  const here = findingsOf("here");
  assert.equal(
    renderFindings([
      here.ok("git", "2.39"),
      note("keys", "none", "make one"),
      wrong("disk", "full\x1b", "make room"),
    ]),
    `ok     here  git   2.39
note   web1  keys  none
                   -> make one
wrong  web1  disk  full\\x1b
                   -> make room
1 of 3 is wrong, 1 to take note of
`,
  );
  assert.match(renderFindings([ok("a", "b")]), /\nall is well\n$/);
  assert.match(renderFindings([wrong("a", "b", "c"), wrong("a", "b", "c")]), /\n2 of 2 are wrong\n$/);
});
