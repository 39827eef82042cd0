// Each step and each thing that goes wrong in the middle of it, by the table: the record tells what happened, the host
// is as before or marked, and the step, run again, heals it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { type LabIndex, startIndex } from "../lab/index.js";
import { kill, until } from "../lab/processes.js";
import { bins, expectStatus, recordsOf, underWay } from "../lab/program.js";
import { tiny } from "../lab/tiny.js";
import { type Ground, startGrounds } from "./ground.js";
import { type After, type Fault, lost, type Rerun, type StepName, table } from "./step-table.js";
import { limit, type Work, works, writeInputs } from "./step-work.js";

/** Cases at once, each on a host of its own. */
const atOnce = 4;

let folder: string;
let lab: Awaited<ReturnType<typeof startGrounds>>;
let index: LabIndex;
const free: Ground[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "essay-steps-"));
  writeInputs(folder);
  // The virtualenvs that all others are copies of; with pip as it is when it has run once.
  const input = JSON.stringify({ host: "@local", transport: "local", prefix: folder });
  const flags = ["--python", "/usr/bin/python3"];
  await expectStatus(0, "es-venv", ["with-pip", ...flags], { input });
  const [lib = ""] = readdirSync(join(folder, "with-pip/lib"));
  const pip = join("lib", lib, "site-packages/pip");
  execFileSync("cp", ["-a", join(folder, "with-pip"), join(folder, "without")]);
  rmSync(join(folder, "without", pip), { recursive: true });
  execFileSync("/usr/bin/python3", ["-m", "compileall", "-q", join(folder, "with-pip", pip)]);
  index = await startIndex({ empty: true });
  tiny(index.directory, "1.0", "tiny", `# ${"x".repeat(99_000)}\n`);
  lab = await startGrounds(atOnce);
  free.push(...lab.grounds);
});
after(async () => {
  await lab?.stop();
  await index?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A step under way on a host; `port` where it is not the host's own. */
function start(t: TestContext, ground: Ground, step: StepName, args: readonly string[], more: Start = {}) {
  const { address, user, port, prefix } = ground.host;
  const { venv, record } = works[step];
  const line = JSON.stringify({
    host: address,
    user,
    port: more.port ?? port,
    transport: "ssh",
    prefix,
    ...(venv !== false && { venv: { name: "a", path: join(prefix, "a") } }),
    ...record,
    batch: { id: "case", size: 1 },
  });
  const env = {
    ...process.env,
    ESSAY_SSH_CONFIG: lab.ssh.sshConfig,
    ESSAY_INDEX: index.url,
    ESSAY_SESSION: "",
  };
  const words = more.inSession ? [process.execPath, join(bins, step), ...args] : args;
  const run = underWay(t, more.inSession ? "es-session" : step, words, env, folder);
  run.child.stdin.end(`${line}\n`);
  return run;
}
interface Start {
  port?: number;
  inSession?: boolean;
}

/** What a run came to: its record, and all that it has said. */
async function outcome({ closed, seen }: ReturnType<typeof start>) {
  const [status, signal] = await closed;
  const [record] = recordsOf(seen.stdout);
  const report = `status ${status} signal ${signal}\n--- stdout\n${seen.stdout}--- stderr\n${seen.stderr}`;
  return { status, record, report, code: record === undefined ? lost : (record.error?.code ?? "ok") };
}

function strike(ground: Ground, { closed, room, slow, tool }: Work, fault: Fault): void {
  if (fault === "disk full") ground.leaveRoom("prefix", room);
  if (fault === "no room in /tmp") ground.leaveRoom("tmp", 0);
  if (fault === "read-only") ground.setWritable(false);
  if (fault === "permission denied")
    "path" in closed ? ground.own(closed.path, closed.mode) : ground.forbid(closed.program);
  if (fault === "tool missing") "path" in tool ? ground.hide(tool.path, true) : ground.lose(tool.program);
  if (fault === "timeout" || fault.endsWith("killed")) ground.slow(slow);
}

/** Takes the fault away again. */
function heal(ground: Ground, { closed, tool }: Work, fault: Fault): void {
  ground.mend();
  if (fault === "disk full") ground.leaveRoom("prefix", undefined);
  if (fault === "no room in /tmp") ground.leaveRoom("tmp", undefined);
  if (fault === "read-only") ground.setWritable(true);
  if (fault === "permission denied" && "path" in closed) ground.own(closed.path, undefined);
  if (fault === "tool missing" && "path" in tool) ground.hide(tool.path, false);
}

/** Runs the step with the fault, to its end and to that of all that it has begun. */
async function suffer(t: TestContext, ground: Ground, step: StepName, fault: Fault) {
  const words = works[step].args;
  const args = fault === "timeout" ? ["--timeout", limit, ...words] : words;
  const more = { ...(fault === "unreachable" && { port: 9 }), inSession: fault === "session killed" };
  const run = start(t, ground, step, args, more);
  if (fault.endsWith("killed")) {
    await until(`${step} to stand still`, () => ground.stands()).catch((error: Error) => {
      throw new Error(`${error.message}\n${run.seen.stderr}${run.seen.stdout}`);
    });
    if (fault === "script killed") kill(ground.scripts());
    else run.child.kill("SIGKILL");
  }
  const ran = await outcome(run);
  await until("the end of all that ran on the host", () => ground.strangers().length === 0);
  return ran;
}

function afterwards(ground: Ground, work: Work, before: readonly string[]): After | readonly string[] {
  if (ground.marks().length > 0 || work.cut?.(ground)) return "marked";
  const now = ground.look();
  const differences = [
    ...before.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
  if (differences.length === 0) return "as before";
  return work.done(ground) ? "done" : differences;
}

const rerunOf = (record: { trace?: { changed: boolean }[] }): Rerun => {
  const entry = record.trace?.at(-1);
  return entry === undefined ? "looks" : entry.changed ? "changes" : "nothing to do";
};

describe("a step that meets trouble", { concurrency: atOnce }, () => {
  for (const [step, fault, code, says, after, rerun] of table)
    test(`${step}: ${fault}`, async (t) => {
      const ground = free.pop();
      assert.ok(ground);
      t.after(() => free.push(ground));
      const work = works[step];
      ground.clear();
      if (work.venv !== false) ground.putVenv(join(folder, step === "es-pip" ? "with-pip" : "without"));
      await work.begin?.(ground, async (name, args) => {
        const ran = await outcome(start(t, ground, name, args));
        assert.equal(ran.code, "ok", ran.report);
      });
      strike(ground, work, fault);
      const before = ground.look();

      const ran = await suffer(t, ground, step, fault);
      const is = afterwards(ground, work, before);
      assert.deepEqual([ran.code, is], [code, after], ran.report);
      const killed = fault === "step killed" || fault === "session killed";
      assert.equal(ran.status, killed ? null : code === "ok" ? 0 : 1, ran.report);
      assert.match(ran.record?.error?.message ?? "", says, ran.report);

      heal(ground, work, fault);
      const again = await outcome(start(t, ground, step, work.args));
      assert.deepEqual([again.code, rerunOf(again.record)], ["ok", rerun], again.report);
      assert.ok(work.done(ground) && !work.cut?.(ground), again.report);
      assert.deepEqual(ground.marks(), []);
    });
});
