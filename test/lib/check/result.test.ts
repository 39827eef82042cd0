import assert from "node:assert/strict";
import { test } from "node:test";
import { addressFor, describeWrong, parseOutcome } from "../../../lib/check/result.js";

test("an address for all addresses is asked on the loopback one", () => {
  assert.deepEqual([undefined, "0.0.0.0", "::", "10.0.0.7"].map(addressFor), [
    "127.0.0.1",
    "127.0.0.1",
    "::1",
    "10.0.0.7",
  ]);
});

test("reads the lines of the script", () => {
  const asks = [{ name: "demo_0", port: 8800 }, { name: "cron", pid: 7 }, {}];
  const page = { name: "demo_0", port: 8800, url: "http://[::1]:8800/up", status: 200, ms: 12, ok: true };
  assert.deepEqual(parseOutcome("0 200 12 1 ", asks, "::1", "/up"), { ...page, wrong: "" });
  const ended = parseOutcome("1 ended 9 0 process 7 has ended", asks, "127.0.0.1", "/up");
  const none = { port: null, url: null };
  assert.deepEqual(ended, {
    ...{ name: "cron", ...none, status: "ended", ms: 9, ok: false },
    wrong: "process 7 has ended",
  });
  const command = parseOutcome("2 3 1 0 the command ended with status 3", asks, "127.0.0.1", undefined);
  assert.deepEqual(command, {
    ...none,
    status: 3,
    ms: 1,
    ok: false,
    wrong: "the command ended with status 3",
  });
  assert.equal(describeWrong(ended), "cron: process 7 has ended");
  assert.equal(describeWrong(command), "the command ended with status 3");
  const refused = parseOutcome("0 refused 1 0 nothing listens there", asks, "127.0.0.1", undefined);
  assert.equal(describeWrong(refused), "demo_0: port 8800: nothing listens there");
});
