import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { openTransport } from "../../../lib/transport/open.js";
import { runScript } from "../../../lib/transport/run-script.js";
import { openSession, type Session } from "../../../lib/transport/session-server.js";
import { commandLine, processesOf, until } from "../../lab/processes.js";
import { path, shell } from "../../lab/program.js";
import { failureOf, labFor, targetOf } from "../../lab/reach.js";

const parts = ["state", "../../test/lib/transport/locking"];
const calm = { signal: new AbortController().signal, plan: false, show: undefined };

describe("the deploy lock", () => {
  const started = labFor({ hosts: 2, become: true });
  const step = (t: TestContext, session: Session | undefined, wait = 0) => {
    const options = { config: started.lab.sshConfig, acceptNew: false };
    const transport = openTransport(options, { wait, session: session?.variables.ESSAY_SESSION ?? "" });
    t.after(() => transport.close());
    return transport;
  };
  const change = async (transport: ReturnType<typeof step>, place = 0, venv = "~", become?: string) => {
    const { home, ...host } = started.host(place);
    const target = { ...targetOf({ home, ...host }), ...(become !== undefined && { become }) };
    const args = [venv.replace("~", home)];
    return runScript(transport, target, { parts, args, code: "it-failed" }, calm);
  };
  const holders = (place = 0) =>
    processesOf(started.host(place).uid).filter((pid) => commandLine(pid) === "sleep 1").length;

  async function session(t: TestContext): Promise<Session> {
    const opened = await openSession({ jobs: 30 });
    t.after(() => opened.close());
    return opened;
  }

  test("one session has it, for all of its steps, to its end", async (t) => {
    const [one, two] = [await session(t), await session(t)];
    await change(step(t, one), 0, "~/p/a");
    await change(step(t, one), 0, "~/p/a");
    const failures = [
      await failureOf(change(step(t, two), 0, "~/p/a")),
      await failureOf(change(step(t, undefined), 0, "~/p/a")),
    ];
    const me = `${userInfo().username}@${hostname()}: `;
    for (const { code, message } of failures) {
      assert.equal(code, "locked");
      assert.ok(message.startsWith(`${started.host(0).home}/p/a is locked by ${me}`), message);
      assert.match(message, /\.lab\.test.*\(since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\)$/);
    }
    // Others have their own: another virtualenv, another host.
    await change(step(t, two), 0, "~/p/b");
    await change(step(t, two), 1, "~/p/a");
    const waiting = change(step(t, two, 30), 0, "~/p/a");
    await one.close();
    await waiting;
    await two.close();
    await change(step(t, undefined), 0, "~/p/a");
    await until("the end of those that held locks", () => holders(0) + holders(1) === 0);
  });

  test("more virtualenvs on one host than sshd allows sessions in a connection", async (t) => {
    const one = await session(t);
    const venvs = Array.from({ length: 11 }, (_, number) => `~/many/${number}`);
    await Promise.all(venvs.map((venv) => change(step(t, one), 0, venv)));
    await Promise.all(venvs.map((venv) => change(step(t, one), 0, venv)));
    assert.equal((await failureOf(change(step(t, undefined), 0, "~/many/10"))).code, "locked");
  });

  test("under another account, and on this machine", async (t) => {
    const app = started.lab.app;
    assert.ok(app);
    const [one, two] = [await session(t), await session(t)];
    await change(step(t, one), 0, `${app.home}/p/a`, app.name);
    assert.equal((await failureOf(change(step(t, two), 0, `${app.home}/p/a`, app.name))).code, "locked");
    const here = { host: "@local", transport: "local" as const };
    const script = { parts, args: [join(started.lab.directory, "p/a")], code: "it-failed" };
    await runScript(step(t, one), here, script, calm);
    assert.equal((await failureOf(runScript(step(t, two), here, script, calm))).code, "locked");
  });

  /** A session of its own process, which has the lock of ~/p/a of a host, and runs es-venv again at each line. */
  async function holding(t: TestContext, place: number) {
    const { entry } = started.host(place);
    const deploy = `es-hosts ${entry} --prefix '~/p' | es-venv a --virtualenv false`;
    const child = spawn("es-session", ["sh", "-c", `${deploy}; while read -r _; do ${deploy}; done`], {
      env: {
        ...process.env,
        PATH: `${path}:${process.env.PATH}`,
        ESSAY_SESSION: "",
        ESSAY_SSH_CONFIG: started.lab.sshConfig,
      },
      stdio: ["pipe", "pipe", "ignore"],
    });
    t.after(() => child.kill("SIGKILL"));
    const [line] = await once(child.stdout, "data");
    assert.match(String(line), /"code":"venv-failed"/);
    assert.equal((await failureOf(change(step(t, undefined), place, "~/p/a"))).code, "locked");
    return child;
  }

  test("killed with -9, it goes", async (t) => {
    const child = await holding(t, 0);
    child.kill("SIGKILL");
    await change(step(t, undefined, 10), 0, "~/p/a");
    await until("the end of those that held locks", () => holders(0) === 0);
  });

  test("without a sign of life, it goes; whoever had it knows", async (t) => {
    const child = await holding(t, 1);
    child.kill("SIGSTOP");
    await change(step(t, undefined, 20), 1, "~/p/a");
    child.kill("SIGCONT");
    const again = once(child.stdout, "data");
    child.stdin.write("\n");
    const [record] = JSON.parse(`[${String((await again)[0]).trim()}]`);
    assert.equal(record.error.code, "lock-lost", JSON.stringify(record));
    child.stdin.end();
    await once(child, "close");
  });

  test("two deploys at once: on each host one of them", async () => {
    const { lab } = started;
    const env = { ESSAY_SESSION: "", ESSAY_SSH_CONFIG: lab.sshConfig };
    const out = (name: string) => join(lab.directory, name);
    const deploy = (name: string) =>
      `es-session sh -c 'es-hosts ${lab.inventory.join(" ")} --prefix "~/both" | es-venv a --virtualenv false >${out(name)}; : >${out(name)}.done; until [ -e ${out("one")}.done ] && [ -e ${out("two")}.done ]; do sleep 0.1; done' &`;
    const ran = await shell(`${deploy("one")} ${deploy("two")} wait`, { env });
    const codes = ["one", "two"].flatMap((name) =>
      readFileSync(out(name), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
        .map(({ host, error }) => `${host} ${error.code}`),
    );
    const expected = lab.hosts.flatMap(({ address }) => [`${address} locked`, `${address} venv-failed`]);
    assert.deepEqual(codes.sort(), expected, ran.report);
  });
});
