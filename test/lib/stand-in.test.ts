import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { CannotRun, endAs, standIn } from "../../lib/stand-in.js";

/** A stream to another process, and the first line that came through it. */
function watching(t: TestContext) {
  const cat = spawn("cat", { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => cat.kill());
  const line = once(cat.stdout, "data").then(([chunk]) => String(chunk));
  return { watched: cat.stdin, line, end: once(cat, "exit") };
}

test("a command has the variables, and its end comes back", async () => {
  const end = await standIn(["sh", "-c", 'exit "$STATUS"'], { STATUS: "7" });
  assert.deepEqual(end, { status: 7, signal: null });
  assert.equal(endAs(end), 7);
  assert.deepEqual(await standIn(["sh", "-c", "kill -9 $$"], {}), { status: null, signal: "SIGKILL" });
});

test("its process id is told before it runs, and it does not have the stream", async (t) => {
  const { watched, line, end } = watching(t);
  // Whoever has the stream keeps its reader from its end.
  const running = standIn(["sleep", "1000"], {}, watched);
  const pid = Number(await line);
  watched.end();
  await end;
  process.kill(pid);
  assert.equal((await running).signal, "SIGTERM");
});

test("arguments are not shell text", async (t) => {
  const words = ["test", "$(exit 1); *", "=", "$(exit 1); *"];
  assert.equal((await standIn(words, {})).status, 0);
  assert.equal((await standIn(words, {}, watching(t).watched)).status, 0);
});

test("a signal that we get is the command's", async (t) => {
  const before = process.listenerCount("SIGUSR2");
  const { watched, line } = watching(t);
  const running = standIn(["sleep", "1000"], {}, watched);
  await line;
  process.kill(process.pid, "SIGUSR2");
  assert.equal((await running).signal, "SIGUSR2");
  assert.equal(process.listenerCount("SIGUSR2"), before);
});

test("what cannot be run", async (t) => {
  for (const [file, status] of [
    ["/no/such command", 127],
    ["no-such-command", 127],
    ["/etc/passwd", 126],
    ["/etc", 126],
  ] as const)
    await assert.rejects(
      standIn([file], {}, watching(t).watched),
      (error) => error instanceof CannotRun && error.status === status && error.message.includes(file),
    );
});
