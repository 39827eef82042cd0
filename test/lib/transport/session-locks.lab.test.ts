import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Failure } from "../../../lib/base/failure.js";
import { compose } from "../../../lib/remote/compose.js";
import { Results } from "../../../lib/remote/results.js";
import { openTransport } from "../../../lib/transport/open.js";
import { runScript } from "../../../lib/transport/run-script.js";
import { openSession, type Session } from "../../../lib/transport/session-server.js";
import { commandLine, processesOf, until } from "../../lab/processes.js";
import { pathWithBins, scratch, shell } from "../../lab/program.js";
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
  const change = async (
    transport: ReturnType<typeof step>,
    place = 0,
    venv = "~",
    { become, task = calm }: { become?: string; task?: typeof calm } = {},
  ) => {
    const { home, ...host } = started.host(place);
    const target = { ...targetOf({ home, ...host }), ...(become !== undefined && { become }) };
    const args = [venv.replace("~", home)];
    return runScript(transport, target, { parts, args, code: "it-failed" }, task);
  };
  const running = (command: string, place: number) =>
    processesOf(started.host(place).uid).filter((pid) => commandLine(pid) === command).length;
  /** Each script that runs listens for heartbeats; those that wait for a lock try again each second. */
  const holders = (place = 0) => running("sleep 8", place);
  const isWaited = () => running("sleep 1", 0) > 0;

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
    const become = { become: app.name };
    await change(step(t, one), 0, `${app.home}/p/a`, become);
    assert.equal((await failureOf(change(step(t, two), 0, `${app.home}/p/a`, become))).code, "locked");
    const here = { host: "@local", transport: "local" as const };
    const script = { parts, args: [join(started.lab.directory, "p/a")], code: "it-failed" };
    await runScript(step(t, one), here, script, calm);
    assert.equal((await failureOf(runScript(step(t, two), here, script, calm))).code, "locked");
  });

  test("a host without flock: Python locks, for steps and for the session", async (t) => {
    const at = scratch(t);
    const bin = join(at, "bin");
    mkdirSync(bin);
    execFileSync("busybox", ["--install", "-s", bin]);
    rmSync(join(bin, "flock"), { force: true });
    const python = join(bin, "python3");
    writeFileSync(python, `#!/bin/sh\necho >>${at}/asked\nexec /usr/bin/python3 "$@"\n`, { mode: 0o755 });
    const before = process.env.PATH;
    t.after(() => {
      process.env.PATH = before;
    });
    process.env.PATH = bin;
    const [one, two] = [await session(t), await session(t)];
    const here = { host: "@local", transport: "local" as const };
    const script = { parts, args: [join(at, "p/a")], code: "it-failed" };
    const changed = (by: Session | undefined) => runScript(step(t, by), here, script, calm);
    await changed(one);
    await changed(one);
    for (const other of [two, undefined]) assert.equal((await failureOf(changed(other))).code, "locked");
    await one.close();
    await changed(two);
    await two.close();
    await changed(undefined);
    assert.ok(existsSync(join(at, "asked")));
    rmSync(python);
    assert.equal((await failureOf(changed(undefined))).code, "no-flock");
  });

  test("what holds a lock for a session ends with the status of its reason, and nobody has it then", async (t) => {
    const at = scratch(t);
    mkdirSync(join(at, "p/a"), { recursive: true });
    const locks = { session: "s", owner: "me", wait: 0 };
    const args = [join(at, "p/a"), "0", "1", "0"];
    const { program } = compose({ parts: ["state", "hold", "lock"], args, plan: false, locks });
    const child = spawn("sh", ["-c", program], { stdio: ["pipe", "pipe", "inherit"], detached: true });
    t.after(() => child.kill("SIGKILL"));
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
    });
    await until("the lock", () => said.includes("locked\t"));
    const file = join(at, "p/.essay/a.deploy");
    assert.match(readFileSync(file, "utf8"), /^s\nme \(since /);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [143, null]);
    assert.equal(readFileSync(file, "utf8"), "");
  });

  test("who has locks waits for no earlier session, which may wait for it", async (t) => {
    const earlier = await session(t);
    // Their times are told in milliseconds.
    await pause(2);
    const later = await session(t);
    await change(step(t, earlier), 0, "~/ring");
    await change(step(t, later), 1, "~/ring");
    const waiting = change(step(t, earlier, 60), 1, "~/ring");
    const failure = await failureOf(change(step(t, later, 60), 0, "~/ring"));
    assert.equal(failure.code, "locked");
    assert.match(failure.message, /\(since [^)]+\), which began before this run and may wait for it$/);
    await later.close();
    await waiting;
  });

  test("who waits for its first lock takes no other meanwhile", async (t) => {
    const [one, two] = [await session(t), await session(t)];
    await change(step(t, one), 0, "~/first");
    const waiting = step(t, two, 60);
    const first = change(waiting, 0, "~/first");
    await until("the wait", isWaited);
    const second = change(waiting, 1, "~/first");
    await change(step(t, undefined), 1, "~/first");
    await one.close();
    await Promise.all([first, second]);
    assert.equal((await failureOf(change(step(t, undefined), 1, "~/first"))).code, "locked");
  });

  test("what nobody waits for any more is not taken", async (t) => {
    const [one, two] = [await session(t), await session(t)];
    await change(step(t, one), 0, "~/given-up");
    const stop = new AbortController();
    const task = { ...calm, signal: stop.signal };
    const waiting = failureOf(change(step(t, two, 60), 0, "~/given-up", { task }));
    await until("the wait", isWaited);
    stop.abort(new Failure("cancelled", "enough"));
    assert.equal((await waiting).code, "cancelled");
    await one.close();
    await until("the end of both", () => holders(0) === 0);
    await change(step(t, two), 0, "~/given-up");
  });

  test("a session that closes gives its locks back when its commands have ended", async (t) => {
    const one = await session(t);
    const other = step(t, undefined);
    await change(other, 0, "~/other");
    const args = [`${started.host(0).home}/stubborn`, "stubborn"];
    const results = new Results();
    const script = { parts, args, code: "it-failed", results };
    const running = failureOf(runScript(step(t, one), targetOf(started.host(0)), script, calm));
    await until("the command", () => results.get("locked") !== undefined);
    const closing = one.close();
    const { message } = await failureOf(change(other, 0, "~/stubborn"));
    assert.match(message, /stubborn is locked by /);
    assert.equal((await running).code, "connection-lost");
    await closing;
    await change(other, 0, "~/stubborn");
  });

  /** A session of its own process, which has the lock of ~/p/a of a host, and runs es-venv again at each line. */
  async function holding(t: TestContext, place: number) {
    const { entry } = started.host(place);
    const deploy = `es-hosts ${entry} --prefix '~/p' | es-venv a --virtualenv false`;
    const child = spawn("es-session", ["sh", "-c", `${deploy}; while read -r _; do ${deploy}; done`], {
      env: {
        ...process.env,
        PATH: pathWithBins,
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
    const cut = await holding(t, 0);
    const child = await holding(t, 1);
    child.kill("SIGSTOP");
    // The network to the other one: nothing passes, and nobody is told.
    const connections = processesOf(started.host(0).uid).filter((pid) => /^sshd: /.test(commandLine(pid)));
    for (const pid of connections) process.kill(pid, "SIGSTOP");
    await Promise.all([0, 1].map((place) => change(step(t, undefined, 20), place, "~/p/a")));
    cut.kill("SIGKILL");
    child.kill("SIGCONT");
    const again = once(child.stdout, "data");
    child.stdin.write("\n");
    const [record] = JSON.parse(`[${String((await again)[0]).trim()}]`);
    assert.equal(record.error.code, "lock-lost", JSON.stringify(record));
    child.stdin.end();
    await once(child, "close");
  });

  test("two deploys at once that wait: one has all, and neither waits for ever", async () => {
    const { lab } = started;
    const env = { ESSAY_SESSION: "", ESSAY_SSH_CONFIG: lab.sshConfig };
    const deploy = `es-session --wait 600 sh -c 'es-hosts ${lab.inventory.join(" ")} --prefix "~/wait" | es-venv a --virtualenv false | tr "\\n" ,; echo' &`;
    const ran = await shell(`${deploy} ${deploy} wait`, { env });
    const codes = ran.stdout
      .trim()
      .split("\n")
      .map((line) =>
        [...line.matchAll(/"error":\{"step":"es-venv","code":"([a-z-]+)"/g)].map(([, code]) => code),
      );
    assert.deepEqual([codes.length, ...codes.map(({ length }) => length)], [2, 2, 2], ran.report);
    assert.ok(
      codes.some((each) => each.every((code) => code === "venv-failed")),
      ran.report,
    );
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
