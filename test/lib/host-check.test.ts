import assert from "node:assert/strict";
import { test } from "node:test";
import { askProcesses, type Wanted } from "../../lib/host-check.js";
import { LocalTransport } from "../../lib/transport/local.js";

const task = { signal: new AbortController().signal, plan: false, show: undefined };
const place = { address: "127.0.0.1", version: "", variables: { ESSAY_VERSION: "1.2" } };
const wanted = (...words: string[]): Wanted => ({
  way: { kind: "command", words },
  ...{ deadline: 500, host: "", status: 200, expect: "", header: null },
});

test("what is asked comes back in its order, with the reason of what is not well", async () => {
  const asks = [{ name: "demo", port: 8800 }, { name: "demo", pid: process.pid }, {}];
  const command = wanted(
    "sh",
    "-c",
    'echo "$ESSAY_VERSION ${ESSAY_PORT-none}"; test "${ESSAY_PORT-}" = 8800',
  );
  const outcomes = await askProcesses(new LocalTransport(), {}, asks, "here", command, place, task);
  assert.deepEqual(
    outcomes.map(({ ms: _, ...outcome }) => outcome),
    [
      { name: "demo", port: 8800, url: null, status: 0, ok: true, wrong: "" },
      { name: "demo", port: null, url: null, status: "running", ok: true, wrong: "" },
      { port: null, url: null, status: 1, ok: false, wrong: "the command ended with status 1: 1.2 none" },
    ],
  );
});

test("nothing asked is nothing run", async () => {
  const none = new LocalTransport();
  none.start = () => assert.fail("something was run");
  assert.deepEqual(await askProcesses(none, {}, [], "host", wanted("true"), place, task), []);
});
