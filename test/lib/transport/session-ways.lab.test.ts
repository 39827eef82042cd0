import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { openTransport } from "../../../lib/transport/open.js";
import { runScript } from "../../../lib/transport/run-script.js";
import { openSession } from "../../../lib/transport/session-server.js";
import { runBody } from "../../lab/body.js";
import { commandLine, processesOf, until } from "../../lab/processes.js";
import { proxied } from "../../lab/proxied.js";
import { failureOf, labFor, targetOf } from "../../lab/reach.js";

const parts = ["state", "../../test/lib/transport/locking"];
const calm = { signal: new AbortController().signal, plan: false, show: undefined };

/** Five steps that lock virtualenvs of one host, and five that look at it, in one session. */
async function deploy(t: TestContext, started: ReturnType<typeof labFor>, openssh = false) {
  const session = await openSession({ jobs: 30 });
  t.after(() => session.close());
  const steps = Array.from({ length: 5 }, () => {
    const options = { config: started.lab.sshConfig, acceptNew: false, openssh };
    const transport = openTransport(options, { session: session.variables.ESSAY_SESSION });
    t.after(() => transport.close());
    return transport;
  });
  const { home, uid } = started.host(0);
  const target = targetOf(started.host(0));
  const change = (step: (typeof steps)[0], venv: number) =>
    runScript(step, target, { parts, args: [`${home}/p/${venv}`], code: "it-failed" }, calm);
  // Two steps of one session do not change a virtualenv at the same time.
  const changeInTurn = async (venv: number) => {
    for (const step of steps.filter((_, place) => place % 3 === venv)) await change(step, venv);
  };
  const look = (step: (typeof steps)[0]) => runBody("sleep 0.2; exit 3", { transport: step, target });
  for (const time of [1, 2]) {
    await Promise.all([0, 1, 2].map(changeInTurn));
    const looked = await Promise.all(steps.map(look));
    assert.deepEqual(
      looked.map(({ status }) => status),
      Array(5).fill(3),
      `time ${time}`,
    );
  }
  const other = openTransport({ config: started.lab.sshConfig, acceptNew: false }, { session: "" });
  t.after(() => other.close());
  assert.equal((await failureOf(change(other, 0))).code, "locked");
  await other.close();
  await session.close();
  await until("the end of all", () => processesOf(uid).length === 0);
}

const connections = ({ lab }: ReturnType<typeof labFor>) => lab.log().match(/Accepted publickey/g)?.length;

describe("a host with room for one session in a connection", () => {
  const started = labFor({ hosts: 1, maxSessions: 1 });

  test("locks have connections of their own", async (t) => {
    await deploy(t, started);
    assert.equal(connections(started), 3 + 1 + 1, started.lab.log());
  });

  test("a step's command that lasts has one, too", async (t) => {
    const session = await openSession({ jobs: 30 });
    t.after(() => session.close());
    const options = { config: started.lab.sshConfig, acceptNew: false };
    const step = openTransport(options, { session: session.variables.ESSAY_SESSION });
    t.after(() => step.close());
    const target = targetOf(started.host(0));
    const lasting = await step.start(target, "cat", calm.signal, "lasting");
    assert.equal((await runBody("exit 3", { transport: step, target })).status, 3);
    lasting.destroy();
  });

  test("by the system's ssh, whose connection is a session, it is told", async (t) => {
    const transport = openTransport(
      { config: started.lab.sshConfig, acceptNew: false, openssh: true },
      { session: "" },
    );
    t.after(() => transport.close());
    const failure = await failureOf(runBody("", { transport, target: targetOf(started.host(0)) }));
    assert.equal(failure.code, "exec-failed");
    assert.match(
      failure.message,
      /^127\.\S+ starts no command: .*refused.*; MaxSessions in its sshd_config must be 2 or more for --ssh openssh$/,
    );
  });
});

describe("a host with room for two sessions in a connection", () => {
  const started = labFor({ hosts: 1, maxSessions: 2 });

  test("steps and locks share as many connections as they need", async (t) => {
    await deploy(t, started);
    const made = connections(started) ?? 0;
    assert.ok(made === 3 || made === 4, started.lab.log());
  });

  test("by the system's ssh, too", (t) => deploy(t, started, true));
});

describe("a host that is far", () => {
  const started = labFor({ hosts: 1 });

  test("has two shells that wait for the next step's script, and none when the session has ended", async (t) => {
    const { lab } = started;
    const { proxy, port, sshConfig } = await proxied(lab, 35);
    t.after(() => proxy.stop());
    const session = await openSession({ jobs: 30 });
    t.after(() => session.close());
    const { uid, ...host } = started.host(0);
    const target = { ...targetOf({ uid, ...host }), port };
    const waiting = () => processesOf(uid).filter((pid) => commandLine(pid).startsWith("sh -c read -r a"));
    for (const time of [1, 2, 3]) {
      const options = { config: sshConfig, acceptNew: false };
      const transport = openTransport(options, { session: session.variables.ESSAY_SESSION });
      t.after(() => transport.close());
      const { status, results } = await runBody(`result at ${time}; exit 3`, { transport, target });
      assert.deepEqual([status, results.get("at")], [3, String(time)]);
      await until("shells that wait", () => waiting().length === 2);
    }
    await session.close();
    await until("the end of all", () => processesOf(uid).length === 0);
    assert.equal(connections(started), 1, lab.log());
  });
});
