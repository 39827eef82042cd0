import assert from "node:assert/strict";
import { test } from "node:test";
import { runFilter, runForeground, runStage } from "../../lib/foreground.js";
import { Interrupt } from "../../lib/interrupt.js";

async function exitStatus(words: string[], variables: Record<string, string> = {}): Promise<number> {
  const interrupt = new Interrupt();
  try {
    return await runForeground(words, variables, interrupt);
  } finally {
    interrupt.release();
  }
}

test("the exit status is the command's, with what it finds in its environment", async () => {
  assert.equal(await exitStatus(["true"]), 0);
  assert.equal(await exitStatus(["sh", "-c", 'exit "$STATUS"'], { STATUS: "7" }), 7);
  assert.equal(await exitStatus(["sh", "-c", "kill -9 $$"]), 137);
});

test("a filter has its input, and its output and exit status come back", async () => {
  const interrupt = new Interrupt();
  try {
    const counted = await runFilter(["sh", "-c", "cat; exit 3"], "a line\n", interrupt);
    assert.deepEqual([counted.status, counted.output.toString()], [3, "a line\n"]);
    const deaf = await runFilter(["sh", "-c", "exec <&-; echo out"], "x".repeat(1_000_000), interrupt);
    assert.deepEqual([deaf.status, deaf.output.toString()], [0, "out\n"]);
    await assert.rejects(runFilter(["/no/such"], "", interrupt), { code: "no-command" });
    // What a command leaves behind with its output is not waited for.
    const { output } = await runFilter(["sh", "-c", "sleep 50 2>/dev/null & echo $!"], "", interrupt);
    assert.ok(process.kill(Number(output)));
    // Programs of this package need no PATH.
    assert.match((await runFilter(["es-version", "--version"], "", interrupt)).output.toString(), /essay/);
  } finally {
    interrupt.release();
  }
});

test("a stage has its input and variables, and its output is read as it comes", async () => {
  const interrupt = new Interrupt();
  const stage = async (script: string) => {
    let said = "";
    const status = await runStage(["sh", "-c", script], "in\n", { V: "v" }, interrupt, async (output) => {
      for await (const chunk of output) said += chunk;
    });
    return [status, said];
  };
  try {
    assert.deepEqual(await stage('cat; echo "$V"; exit 3'), [3, "in\nv\n"]);
    assert.deepEqual(await stage("exec <&- >&-"), [0, ""]);
    await assert.rejects(
      runStage(["/no/such"], "", {}, interrupt, async (output) => {
        for await (const _ of output) assert.fail();
      }),
      { code: "no-command" },
    );
    const [status, pid] = await stage("sleep 50 2>/dev/null & echo $!");
    assert.equal(status, 0);
    assert.ok(process.kill(Number(pid)));
  } finally {
    interrupt.release();
  }
});

test("arguments are not shell text", async () => {
  assert.equal(await exitStatus(["test", "$(exit 1); *", "=", "$(exit 1); *"]), 0);
});

test("a command that is not there", async () => {
  await assert.rejects(exitStatus(["/no/such command"]), {
    code: "no-command",
    message: /'\/no\/such command'/,
  });
});
