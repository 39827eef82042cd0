import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { isAlive } from "../../../lib/base/process.js";

test("our process, one of another account, and one that has ended", async () => {
  const child = spawn("true");
  await once(child, "close");
  assert.equal(isAlive(process.pid), true);
  assert.equal(isAlive(1), true);
  assert.equal(isAlive(child.pid as number), false);
});
