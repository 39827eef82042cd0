import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import { causeIn, detailsOf, runCommand, startCommand } from "../../../lib/package/command.js";
import { scratch } from "../../lab/program.js";

const never = new AbortController().signal;
const { env } = process;

test("a program gets its input and gives output, status and the end of its messages", async () => {
  const shown: string[] = [];
  const ran = await runCommand("sh", ["-c", "cat; echo trouble >&2; exit 3"], {
    signal: never,
    env,
    input: "text",
    show: (text) => shown.push(text),
  });
  assert.deepEqual(
    { ...ran, stdout: ran.stdout.toString() },
    {
      exit: 3,
      signal: null,
      stderr: "trouble\n",
      stdout: "text",
    },
  );
  assert.equal(shown.join(""), "trouble\n");
  assert.deepEqual(detailsOf(ran), { exit: 3, stderr: "trouble\n" });
});

test("input that nobody reads is no failure", async () => {
  const input = Buffer.alloc(1_000_000);
  assert.equal((await runCommand("true", [], { signal: never, env, input })).exit, 0);
});

test("a program that is not there", async () => {
  await assert.rejects(runCommand("essay-no-such-program", [], { signal: never, env }), {
    code: "no-program",
    message: /no essay-no-such-program on this machine/,
  });
});

test("an abort ends the program, and a group with all that it has started", async (t) => {
  const reason = new Failure("timeout", "too long");
  const mark = join(scratch(t), "mark");
  for (const ownGroup of [false, true]) {
    const abort = new AbortController();
    const script = ownGroup
      ? `sh -c 'echo $$ > ${mark}; exec sleep 100 >/dev/null 2>&1' & wait`
      : "exec sleep 100";
    const child = startCommand("sh", ["-c", script], { signal: abort.signal, env, ownGroup });
    child.stdin.end();
    child.stdout.resume();
    while (ownGroup && !(existsSync(mark) && readFileSync(mark, "utf8").endsWith("\n")))
      await new Promise((resolve) => setTimeout(resolve, 20));
    abort.abort(reason);
    await assert.rejects(child.ended, reason);
  }
  assert.throws(() => process.kill(Number(readFileSync(mark, "utf8")), 0), { code: "ESRCH" });
  await assert.rejects(runCommand("true", [], { signal: AbortSignal.abort(reason), env }), reason);
});

test("the cause is the first line that says so, otherwise the last one", () => {
  assert.equal(causeIn("warning: x\nfatal: not a git repository\nhint: y\n"), "not a git repository");
  assert.equal(causeIn("one\n  two  \n\n"), "two");
  assert.equal(causeIn("\n"), "it did not say why");
});
