import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { accountName } from "../../../lib/base/account.js";

test("the name of this account", () => {
  assert.equal(accountName(), execFileSync("id", ["-un"], { encoding: "utf8" }).trim());
});
