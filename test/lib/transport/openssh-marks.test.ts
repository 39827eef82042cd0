import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { Marks, marked, newMark } from "../../../lib/transport/openssh-marks.js";

async function run(command: string, shell = "sh") {
  const mark = newMark();
  const child = spawn(shell, ["-c", marked(command, mark)], { stdio: ["ignore", "pipe", "pipe"] });
  const marks = child.stderr.pipe(new Marks(mark));
  const [stdout, stderr, ended] = await Promise.all([text(child.stdout), text(marks), marks.ended]);
  return { stdout, stderr, ended, hasBegun: marks.hasBegun };
}

test("the beginning and the end are told, and nothing of that is seen", async () => {
  for (const shell of ["sh", "bash", "fish", "csh", "zsh"]) {
    const ran = await run("exec sh -c 'echo out; printf err >&2; exit 255'", shell);
    const ended = { status: 255, signal: null };
    assert.deepEqual(ran, { stdout: "out\n", stderr: "err", ended, hasBegun: true }, shell);
  }
});

test("a line without quotes, and a command that a signal ends", async () => {
  assert.equal((await run("echo hello")).stdout, "hello\n");
  assert.deepEqual((await run("exec sh -c 'kill -KILL $$'")).ended, { status: null, signal: "KILL" });
});

test("a command with other quotes is refused", () => {
  assert.throws(() => marked("echo 'a'; echo 'b'", "mark"), /quotes/);
});

test("lines that come byte by byte, between others", async () => {
  const marks = new Marks("essay-x");
  const shown = text(marks);
  for (const byte of Buffer.from("noise\nessay-x begins\nmore\n\nessay-x ends 3\nlast"))
    marks.write(Buffer.of(byte));
  marks.end();
  assert.equal(await shown, "noise\nmore\nlast");
  assert.deepEqual(await marks.ended, { status: 3, signal: null });
});

test("an end without a mark leaves the end open", async () => {
  const marks = new Marks("essay-x");
  const shown = text(marks);
  marks.end("essay-x begins\nand a long line that is not taken for one of ours: essay-x ends");
  assert.match(await shown, /^and a long.* essay-x ends$/);
  assert.deepEqual([marks.hasBegun, marks.hasEnded], [true, false]);
});
