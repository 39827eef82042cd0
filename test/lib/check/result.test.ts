import assert from "node:assert/strict";
import { test } from "node:test";
import { addressFor, parseOutcome } from "../../../lib/check/result.js";

test("an address for all addresses is asked on the loopback one", () => {
  assert.deepEqual([undefined, "0.0.0.0", "::", "10.0.0.7"].map(addressFor), [
    "127.0.0.1",
    "127.0.0.1",
    "::1",
    "10.0.0.7",
  ]);
});

test("reads the lines of the script", () => {
  assert.deepEqual(parseOutcome("8800 200 12 1 ", "::1", "/up"), {
    port: 8800,
    url: "http://[::1]:8800/up",
    status: 200,
    ms: 12,
    ok: true,
    wrong: "",
  });
  assert.deepEqual(parseOutcome("8801 refused 1 0 connection refused", "127.0.0.1", undefined), {
    port: 8801,
    url: null,
    status: "refused",
    ms: 1,
    ok: false,
    wrong: "connection refused",
  });
});
