import assert from "node:assert/strict";
import { test } from "node:test";
import { CannotRun, endAs, standIn } from "../../lib/stand-in.js";

test("a command has the variables, and its end comes back", async () => {
  let pid = 0;
  const end = await standIn(["sh", "-c", 'exit "$STATUS"'], { STATUS: "7" }, (one) => {
    pid = one;
  });
  assert.deepEqual(end, { status: 7, signal: null });
  assert.ok(pid > 0);
  assert.equal(endAs(end), 7);
  const killed = await standIn(["sh", "-c", "kill -9 $$"], {}, () => {});
  assert.deepEqual(killed, { status: null, signal: "SIGKILL" });
});

test("arguments are not shell text", async () => {
  const end = await standIn(["test", "$(exit 1); *", "=", "$(exit 1); *"], {}, () => {});
  assert.equal(end.status, 0);
});

test("a signal that we get is the command's", async () => {
  const before = process.listenerCount("SIGUSR2");
  const end = await standIn(["sleep", "1000"], {}, () => process.kill(process.pid, "SIGUSR2"));
  assert.equal(end.signal, "SIGUSR2");
  assert.equal(process.listenerCount("SIGUSR2"), before);
});

test("what cannot be run", async () => {
  for (const [file, status] of [
    ["/no/such command", 127],
    ["/etc/passwd", 126],
  ] as const)
    await assert.rejects(
      standIn([file], {}, () => {}),
      (error) => error instanceof CannotRun && error.status === status && error.message.includes(file),
    );
});
