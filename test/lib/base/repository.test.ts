import assert from "node:assert/strict";
import { test } from "node:test";
import { isRemote } from "../../../lib/base/repository.js";

test("folders and addresses are told apart", () => {
  for (const address of ["https://h/x.git", "ssh://git@h/x", "git@h:x/y.git", "h:x", "file:///x"])
    assert.ok(isRemote(address), address);
  for (const folder of [".", "/srv/x.git", "../x", "x", "./a:b"]) assert.ok(!isRemote(folder), folder);
});
