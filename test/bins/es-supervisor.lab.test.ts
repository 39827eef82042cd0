import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fetchPage } from "../lab/http.js";
import { lock } from "../lab/lock.js";
import { commandLine, identity, kill, until } from "../lab/processes.js";
import { bins, expectStatus, program, scratch, shell, underWay } from "../lab/program.js";
import { recordOf, supervised, templateFor } from "../lab/supervised.js";
import { copyWheels } from "../lab/wheels.js";

const page = (prefix: string, last: number) => fetchPage(`http://127.0.0.1:${prefix}${last}/`);

// biome-ignore lint/suspicious/noExplicitAny: records of every kind
const pidsOf = (record: any): number[] => record.processes.map((process: { pid: number }) => process.pid);
const daemonOf = (path: string) => Number(readFileSync(join(path, "tmp/supervisord.pid"), "utf8"));

/** A template by which a program runs only when it has for 5 s: on a busy machine Python takes longer than one to begin. */
function patient(path: string): string[] {
  const file = join(path, "../patient.conf");
  writeFileSync(file, templateFor(5));
  return ["--template", file];
}

// Most of the time of these tests is waiting.
describe("es-supervisor", { concurrency: 3 }, () => {
  test("up starts the processes; a second time it changes nothing; reload starts them anew", async (t) => {
    const { es, path, prefix } = await supervised(t);
    const up = await es(0, "up", "--profile", "test", "--processes", "2");
    const record = recordOf(up);
    assert.deepEqual(
      record.processes.map(({ name, state, port }: Record<string, unknown>) => [name, state, port]),
      [
        ["demo:demo_0", "RUNNING", Number(`${prefix}0`)],
        ["demo:demo_1", "RUNNING", Number(`${prefix}1`)],
      ],
    );
    assert.equal(record.trace.at(-1).changed, true);
    assert.match((await page(prefix, 1)).body, /^test /);

    const again = recordOf(await es(0, "up", "--profile", "test", "--processes", "2"));
    assert.equal(again.trace.at(-1).changed, false);
    assert.deepEqual(pidsOf(again), pidsOf(record));

    const reloaded = recordOf(await es(0, "reload", "--profile", "test", "--processes", "2"));
    assert.equal(reloaded.trace.at(-1).changed, true);
    for (const pid of pidsOf(record)) assert.ok(!pidsOf(reloaded).includes(pid), "an old process goes on");
    assert.equal(statSync(join(path, "etc/supervisord.conf")).mode & 0o777, 0o600);
  });

  test("user name and password are kept, private, and shown nowhere", async (t) => {
    const { es, path, alive } = await supervised(t);
    const file = join(path, ".essay/credentials");
    const first = await es(0, "up", "--profile", "test", "-v");
    const [user = "", password = ""] = readFileSync(file, "utf8").trim().split(" ");
    assert.match(password, /^\w{40,}$/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const second = await es(0, "up", "--profile", "other", "-v");
    assert.equal(readFileSync(file, "utf8"), `${user} ${password}\n`);
    assert.ok(readFileSync(join(path, "etc/supervisord.conf"), "utf8").includes(`password=${password}\n`));
    for (const text of [first.report, second.report, ...alive().map(commandLine)])
      assert.ok(!text.includes(password), text);
  });

  test("a new configuration, or a change of the virtualenv, starts all anew", async (t) => {
    const { es, path, prefix } = await supervised(t);
    const first = recordOf(await es(0, "up", "--profile", "one"));
    const changed = recordOf(await es(0, "up", "--profile", "two"));
    assert.match((await page(prefix, 0)).body, /^two /);
    assert.notDeepEqual(pidsOf(changed), pidsOf(first));
    writeFileSync(join(path, ".essay/generation"), "77\n");
    const generation = recordOf(await es(0, "up", "--profile", "two"));
    assert.equal(generation.trace.at(-1).changed, true);
    assert.notDeepEqual(pidsOf(generation), pidsOf(changed));
    assert.equal(recordOf(await es(0, "up", "--profile", "two")).trace.at(-1).changed, false);
  });

  test("start, stop and restart one process; up starts what was stopped and leaves the rest", async (t) => {
    const { es } = await supervised(t);
    const [first, second] = pidsOf(recordOf(await es(0, "up", "--profile", "test", "--processes", "2")));
    const stopped = recordOf(await es(0, "stop", "demo_1"));
    assert.deepEqual(
      stopped.processes.map(({ state }: { state: string }) => state),
      ["RUNNING", "STOPPED"],
    );
    assert.equal(identity(second as number), undefined);
    assert.equal(recordOf(await es(0, "stop", "demo:demo_1")).trace.at(-1).changed, false);
    const up = recordOf(await es(0, "up", "--profile", "test", "--processes", "2", "a"));
    assert.equal(up.trace.at(-1).changed, true);
    assert.equal(pidsOf(up)[0], first);
    assert.equal(recordOf(await es(0, "start", "demo:*", "a")).trace.at(-1).changed, false);
    assert.equal(recordOf(await es(1, "start", "demo:*", "b")).error.code, "no-venv");
    const restarted = recordOf(await es(0, "restart", "demo_0"));
    assert.notEqual(pidsOf(restarted)[0], first);
    assert.equal(pidsOf(restarted)[1], pidsOf(up)[1]);
    const unknown = recordOf(await es(1, "restart", "nobody"));
    assert.equal(unknown.error.code, "no-process");
    assert.match(unknown.error.message, /demo:demo_0 demo:demo_1/);

    // Without a group live a side is served, too, and before the first release there is none at all.
    for (const verb of ["activate", "deactivate"]) {
      const ran = await es(0, verb, "a");
      assert.match(ran.stderr, /nothing is in the group live, 2 RUNNING/);
      assert.equal(recordOf(ran).trace.at(-1).changed, false);
    }
    assert.match((await es(0, "deactivate", "b")).stderr, /there is no virtualenv b, no process/);
    assert.equal(recordOf(await es(1, "activate", "b")).error.code, "no-venv");
  });

  test("status only looks; tail shows the ends of the logs", async (t) => {
    const { es, path } = await supervised(t);
    const before = await expectStatus(0, "es-hosts", ["@local", "--prefix", join(path, "..")]);
    const down = await expectStatus(0, "es-supervisor", ["status", "--venv", "a"], { input: before.stdout });
    assert.deepEqual(recordOf(down).processes, []);
    await es(0, "up", "--profile", "test");
    const status = await expectStatus(0, "es-supervisor", ["status", "--venv", "a"], {
      input: before.stdout,
    });
    assert.equal(recordOf(status).processes[0].state, "RUNNING");
    assert.equal(recordOf(status).trace, undefined);
    const tail = await es(0, "tail", "-n", "1");
    assert.match(tail.stderr, /^@local\| demo:demo_0\| starting with test$/m);
    assert.equal((await es(2, "tail", "-n", "1", "-f")).stdout, "");
  });

  test("tail -f follows until a signal", async (t) => {
    const { es, path, record } = await supervised(t);
    await es(0, "up", "--profile", "test");
    const { child, seen, closed } = underWay(t, "es-supervisor", ["tail", "-f"]);
    child.stdin.end(record);
    await until("the old line", () => seen.stderr.includes("starting with test"));
    writeFileSync(join(path, "logs/process_00.log"), "a new line\n", { flag: "a" });
    await until("the new line", () => seen.stderr.includes("@local| demo:demo_0| a new line\n"));
    child.kill("SIGINT");
    assert.deepEqual(await closed, [null, "SIGINT"], seen.stderr);

    // Or until nobody reads what it shows.
    const follow = `es-supervisor tail -f <record 2>&1 >/dev/null | head -n 1`;
    writeFileSync(join(path, "../record"), record);
    const stopper = setInterval(
      () => writeFileSync(join(path, "logs/process_00.log"), "more\n", { flag: "a" }),
      200,
    );
    t.after(() => clearInterval(stopper));
    const unread = await shell(follow, { cwd: join(path, "..") });
    assert.match(unread.stdout, /^@local\| demo:demo_0\| /, unread.report);
  });

  test("shutdown leaves nothing behind, not even what a shell has left", async (t) => {
    const { es, path, alive } = await supervised(t);
    await es(0, "up", "--profile", "stubborn");
    const grandchild = Number(readFileSync(join(path, "tmp/grandchild"), "utf8"));
    assert.ok(identity(grandchild), "the grandchild does not run");
    const down = recordOf(await es(0, "shutdown"));
    assert.deepEqual(down.processes, []);
    assert.equal(down.trace.at(-1).changed, true);
    assert.equal(identity(grandchild), undefined);
    assert.deepEqual(alive(), []);
    assert.equal(recordOf(await es(0, "shutdown")).trace.at(-1).changed, false);
    assert.equal(recordOf(await es(0, "stop", "demo")).trace.at(-1).changed, false);
    assert.equal(recordOf(await es(1, "start", "demo")).error.code, "not-running");
  });

  test("orphans of a killed daemon, its stale socket and its pid file are no trouble", async (t) => {
    const { es, path, prefix } = await supervised(t);
    const [orphan] = pidsOf(recordOf(await es(0, "up", "--profile", "test")));
    kill([daemonOf(path)]);
    assert.ok(existsSync(join(path, "tmp/supervisor.sock")));
    assert.ok(identity(orphan as number));
    const up = recordOf(await es(0, "up", "--profile", "test"));
    assert.equal(up.trace.at(-1).changed, true);
    assert.equal(identity(orphan as number), undefined);
    assert.match((await page(prefix, 0)).body, /^test /);
  });

  test("a port that another program has is said, with the end of the log", async (t) => {
    const { es, path, prefix } = await supervised(t);
    const template = patient(path);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(Number(`${prefix}0`), "127.0.0.1", resolve));
    t.after(() => other.close());
    const failed = recordOf(await es(1, "up", "--profile", "test", ...template));
    assert.equal(failed.error.code, "process-failed");
    assert.match(failed.error.message, /demo:demo_0 is FATAL .*Address already in use/);
    assert.match(failed.error.stderr, /Traceback/);
    await new Promise((resolve) => other.close(resolve));
    const healed = recordOf(await es(0, "up", "--profile", "test", ...template));
    assert.equal(healed.processes[0].state, "RUNNING");
  });

  test("a program that exits at once, or turns into a daemon, has failed", async (t) => {
    const { es, path, alive } = await supervised(t);
    const template = patient(path);
    const crashed = recordOf(await es(1, "up", "--profile", "crash", ...template));
    assert.equal(crashed.error.code, "process-failed");
    assert.match(crashed.error.message, /its log ends: no configuration for crash$/);
    const daemon = recordOf(await es(1, "up", "--profile", "daemonise", ...template));
    assert.equal(daemon.error.code, "process-failed");
    const [, pid] = /has gone into the background \(process (\d+)\).*have it stay in the foreground/.exec(
      daemon.error.message,
    ) ?? [""];
    assert.ok(alive().includes(Number(pid)), daemon.error.message);
    await es(0, "shutdown");
    assert.deepEqual(alive(), []);
  });

  test("a process that takes too long is named, in time", async (t) => {
    const { es, path } = await supervised(t);
    const file = join(path, "../slow.conf");
    writeFileSync(file, templateFor(60));
    const { error } = recordOf(await es(1, "up", "--profile", "test", "--template", file, "--timeout", "12"));
    assert.equal(error.code, "process-failed");
    assert.match(error.message, /^demo:demo_0 is STARTING \(not RUNNING in time/);
    assert.match(error.message, /its log ends: starting with test$/);
  });

  test("a bad template stops nothing", async (t) => {
    const { es, path } = await supervised(t);
    const before = recordOf(await es(0, "up", "--profile", "test"));
    const good = templateFor(1);
    const file = join(path, "../bad.conf");
    const bad: [text: string, code: string, message: RegExp][] = [
      [`${good}environment=A="{{nonsense}}"\n`, "template-failed", /bad\.conf:\d+: nonsense has no value/],
      [`${good}{% if x %}\n`, "template-failed", /is Jinja/],
      [
        good.replaceAll("tmp/supervisor.sock", "x".repeat(100)),
        "conf-failed",
        /the socket's path .* has \d+ bytes/,
      ],
      [good.replace("[supervisord]", "[supervisord]\nnodaemon=true"), "conf-failed", /nodaemon/],
      [good.replace(/^numprocs=.*$/m, "numprocs=many"), "conf-failed", /does not accept.*many/],
      [`${good}priority=%(nobody)s\n`, "conf-failed", /does not accept.*nobody/],
      [good.replaceAll("[supervisorctl]", "[other]"), "conf-failed", /no section \[supervisorctl\]/],
    ];
    for (const [text, code, message] of bad) {
      writeFileSync(file, text);
      const { error } = recordOf(await es(1, "up", "--profile", "test", "--template", file));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message + (error.stderr ?? ""), /conf\.new/);
      assert.deepEqual(readdirSync(join(path, "etc")), ["supervisord.conf"]);
    }
    const many = recordOf(await es(1, "up", "--profile", "test", "--processes", "11"));
    assert.match(many.error.message, /11 processes of demo need more ports than/);
    const after = recordOf(await es(0, "up", "--profile", "test"));
    assert.equal(after.trace.at(-1).changed, false);
    assert.deepEqual(pidsOf(after), pidsOf(before));
  });

  test("a full disk, and one that is read-only, are told, and what runs goes on", async (t) => {
    const { es, path, record, prefix, alive } = await supervised(t);
    const before = pidsOf(recordOf(await es(0, "up", "--profile", "silent")));
    const at = scratch(t);
    const flags = `--project demo --port-prefix ${prefix} --profile other --template ${join(path, "../quick.conf")}`;
    /** The directory on a disk of its own, with what is in it and room for so many pages more. */
    const full = (directory: string, pages: number) => {
      const fill = `dd if=/dev/zero of=${directory}/fill bs=4096 2>${at}/dd; truncate -s -${pages * 4096} ${directory}/fill`;
      return `cp -a ${directory} ${at}/kept && mount -t tmpfs -o size=64k none ${directory} && cp -a ${at}/kept/. ${directory} && rm -r ${at}/kept && { ${fill}; }`;
    };
    const verbs = { up: `up ${flags}`, status: "status" };
    const cases: [mounts: string, verb: keyof typeof verbs, code: string, message: RegExp][] = [
      [full(`${path}/etc`, 0), "up", "disk-full", /no space left for .*etc\/supervisord\.conf$/],
      [full(`${path}/.essay`, 0), "up", "disk-full", /no space left for .*\.essay\/ports$/],
      [
        `mount --bind ${path}/etc ${path}/etc && mount -o remount,bind,ro ${path}/etc`,
        "up",
        "permission-denied",
        /cannot write .*supervisord\.conf: Read-only file system/,
      ],
      // What the look wrote for a moment does not pass for "nothing runs".
      [
        `mkdir ${at}/tmp && ${full(`${at}/tmp`, 0)} && export TMPDIR=${at}/tmp`,
        "status",
        "disk-full",
        /no space left in .*\/tmp$/,
      ],
    ];
    for (const [mounts, verb, code, message] of cases) {
      const command = `${mounts} && exec ${process.execPath} ${join(bins, "es-supervisor")} ${verbs[verb]}`;
      const { error } = recordOf(
        await expectStatus(1, "unshare", ["-m", "sh", "-c", command], { input: record }),
      );
      assert.deepEqual([error.code, message.test(error.message)], [code, true], JSON.stringify(error));
      for (const pid of before) assert.ok(alive().includes(pid), `${code} has ended processes`);
    }
    assert.deepEqual(pidsOf(recordOf(await es(0, "up", "--profile", "silent"))), before);
    assert.deepEqual(
      [...readdirSync(join(path, "etc")), ...readdirSync(join(path, ".essay"))].filter((name) =>
        /new$/.test(name),
      ),
      [],
    );
  });

  test("values are data: line breaks, quotes and comments are refused, % stays %", async (t) => {
    const { path, record } = await supervised(t);
    const file = join(path, "../own.conf");
    const good = templateFor(1);
    writeFileSync(file, `${good}environment=RATE="{{vars.rate}}"\n`);
    const up = (rate: string) =>
      expectStatus(
        rate === "50% (%(here)s)" ? 0 : 1,
        "es-supervisor",
        ["up", "--project", "demo", "--profile", "silent", "--port-prefix", "99", "--template", file],
        { input: JSON.stringify({ ...JSON.parse(record), vars: { rate } }) },
      );
    for (const rate of ["a\n[program:x]\ncommand=touch /tmp/owned", 'a",B="b', "1 ; 2", "a\\"])
      assert.equal(recordOf(await up(rate)).error.code, "template-failed");
    const [pid] = pidsOf(recordOf(await up("50% (%(here)s)")));
    assert.match(readFileSync(`/proc/${pid}/environ`, "utf8"), /(^|\0)RATE=50% \(%\(here\)s\)\0/);
  });

  test("programs without autostart stay stopped; those without startsecs must stay", async (t) => {
    const { es, path } = await supervised(t);
    const good = templateFor(1);
    const file = join(path, "../own.conf");
    writeFileSync(file, `${good}\n[program:manual]\ncommand=sleep 100\nautostart=false\n`);
    const up = () => es(0, "up", "--profile", "test", "--template", file);
    const first = recordOf(await up());
    assert.deepEqual(first.processes.at(-1), { name: "manual", state: "STOPPED", pid: null, port: null });
    assert.equal(recordOf(await up()).trace.at(-1).changed, false);
    writeFileSync(file, `${good}\n[program:brief]\ncommand=sleep 0.2\nstartsecs=0\nautorestart=false\n`);
    const { error } = recordOf(await es(1, "up", "--profile", "test", "--template", file));
    assert.match(error.message, /^brief is EXITED/);
  });

  test("--rolling restarts one by one and stops at the first that does not come up", async (t) => {
    const { es, path } = await supervised(t);
    const flags = ["--profile", "test", "--processes", "3"];
    const first = recordOf(await es(0, "up", ...flags));
    const log = join(path, "logs/supervisord.log");
    const daemon = daemonOf(path);
    const before = readFileSync(log, "utf8").length;
    const restarted = recordOf(await es(0, "restart", "--rolling", "all"));
    const events = [
      ...readFileSync(log, "utf8")
        .slice(before)
        .matchAll(/(stopped|success): (demo_\d)/g),
    ];
    assert.deepEqual(
      events.map(([, what, name]) => `${name} ${what}`),
      [0, 1, 2].flatMap((number) => [`demo_${number} stopped`, `demo_${number} success`]),
    );
    for (const pid of pidsOf(first)) assert.ok(!pidsOf(restarted).includes(pid));

    const program = join(path, "bin/demo");
    const good = readFileSync(program);
    writeFileSync(program, "#!/bin/sh\necho broken\nexit 1\n");
    writeFileSync(join(path, ".essay/generation"), "77\n");
    const { error } = recordOf(await es(1, "up", "--rolling", ...flags));
    assert.equal(error.code, "process-failed");
    assert.match(
      error.message,
      /^demo:demo_0 is FATAL .*broken; not restarted any more: demo:demo_1 demo:demo_2$/,
    );
    const half = recordOf(await es(0, "status"));
    assert.deepEqual(pidsOf(half).slice(1), pidsOf(restarted).slice(1));

    writeFileSync(program, good);
    const dry = recordOf(await es(0, "up", "--rolling", ...flags, "--dry-run"));
    assert.equal(dry.trace.at(-1).changed, true);
    assert.deepEqual(pidsOf(recordOf(await es(0, "status"))), pidsOf(half));
    const healed = recordOf(await es(0, "up", "--rolling", ...flags));
    for (const pid of pidsOf(restarted)) assert.ok(!pidsOf(healed).includes(pid), "an old process goes on");
    assert.equal(daemonOf(path), daemon);
    assert.equal(recordOf(await es(0, "up", "--rolling", ...flags)).trace.at(-1).changed, false);
    const other = recordOf(await es(1, "up", "--rolling", "--profile", "other", "--processes", "3"));
    assert.match(other.error.message, /without --rolling/);
    assert.deepEqual(pidsOf(recordOf(await es(0, "status"))), pidsOf(healed));
  });

  test("the group live runs between activate and deactivate only", async (t) => {
    const { es, path, record, prefix } = await supervised(t);
    const good = templateFor(1);
    const file = join(path, "../own.conf");
    const template = (more = "autostart=false") =>
      writeFileSync(
        file,
        `${good}\n[program:worker]\ncommand=sleep 1000\n${more}\n[group:live]\nprograms=worker\n`,
      );
    const up = (status: number, profile: string) =>
      es(status, "up", "--profile", profile, "--template", file);
    const worker = async (ran: Awaited<ReturnType<typeof es>>) => recordOf(ran).processes.at(-1);
    template("");
    assert.match(
      recordOf(await up(1, "one")).error.message,
      /worker of the group live needs autostart=false/,
    );
    template();
    assert.equal((await worker(await up(0, "one"))).state, "STOPPED");
    const idle = JSON.stringify({ ...JSON.parse(record), live: "b" });
    const refused = await expectStatus(1, "es-supervisor", ["activate"], { input: idle });
    assert.equal(recordOf(refused).error.code, "not-live");
    const served = JSON.stringify({ ...JSON.parse(record), live: "a" });
    const active = await expectStatus(0, "es-supervisor", ["activate"], { input: served });
    assert.match(active.stderr, /group live activated, live:worker started, 2 RUNNING/);
    const { pid, ...rest } = await worker(active);
    assert.deepEqual(rest, { name: "live:worker", state: "RUNNING", port: null });
    assert.equal(recordOf(await es(0, "activate")).trace.at(-1).changed, false);

    const again = await worker(await up(0, "two"));
    assert.equal(again.state, "RUNNING");
    assert.notEqual(again.pid, pid);
    const stopped = await es(0, "deactivate", "a");
    assert.match(stopped.stderr, /group live deactivated, live:worker stopped, 1 RUNNING, 1 STOPPED/);
    assert.equal(identity(again.pid), undefined);
    assert.equal(recordOf(await es(0, "deactivate")).trace.at(-1).changed, false);
    await es(0, "activate");
    assert.match((await es(0, "shutdown")).stderr, /group live deactivated, supervisord shut down/);
    assert.equal(recordOf(await es(1, "activate")).error.code, "not-running");
    assert.equal((await worker(await up(0, "two"))).state, "STOPPED");
    assert.equal((await page(prefix, 0)).status, 200);
  });

  test("enable brings it back after a reboot, by the crontab, and disable does not", async (t) => {
    // A path with what a crontab would take for something else.
    const { es, path, alive } = await supervised(t, join(scratch(t), "a 50%"));
    const missing = recordOf(await es(1, "enable"));
    assert.equal(missing.error.code, "conf-missing");
    const first = recordOf(await es(0, "up", "--profile", "test"));
    const crontab = () => program("crontab", ["-l"]).then(({ stdout }) => stdout);
    const before = await crontab();
    t.after(async () => {
      const left = (await crontab()).split("\n").filter((each) => !each.includes(path.replace("%", "\\%")));
      await program("crontab", ["-"], { input: left.join("\n") });
    });
    const dry = await es(0, "enable", "--dry-run");
    assert.match(dry.stderr, /put into the crontab/);
    assert.equal(await crontab(), before);
    assert.equal(recordOf(await es(0, "enable")).trace.at(-1).changed, true);
    assert.equal(recordOf(await es(0, "enable", "a")).trace.at(-1).changed, false);
    const line = (await crontab()).split("\n").filter((each) => !before.split("\n").includes(each));
    assert.equal(line.length, 1);
    const [, command = ""] = /^@reboot (.*)$/.exec(line[0] as string) ?? [];

    kill(alive());
    // As cron does, for which an escaped % is a plain one.
    const boot = ["-i", "HOME=/", "PATH=/usr/bin:/bin", "/bin/sh", "-c", command.replaceAll("\\%", "%")];
    await expectStatus(0, "env", boot);
    await until("the process", async () => recordOf(await es(0, "status")).processes[0]?.state === "RUNNING");
    const up = recordOf(await es(0, "up", "--profile", "test"));
    assert.equal(up.trace.at(-1).changed, false);
    assert.notDeepEqual(pidsOf(up), pidsOf(first));

    assert.match((await es(0, "disable")).stderr, /taken from the crontab/);
    assert.equal(await crontab(), before);
    assert.ok(!existsSync(join(path, ".essay/boot")));
    assert.equal(recordOf(await es(0, "disable")).trace.at(-1).changed, false);
  });

  test("two prefixes enabled at once: no line of the crontab is lost; what is removed leaves none", async (t) => {
    const at = scratch(t);
    const bin = join(at, "bin");
    mkdirSync(bin);
    // A crontab that takes its time, so that both would have read it before one writes.
    const slow = `#!/bin/sh
case $1 in
-l) cat ${at}/crontab; sleep 1 ;;
-) cat >${at}/crontab.new; mv ${at}/crontab.new ${at}/crontab ;;
esac
`;
    writeFileSync(join(bin, "crontab"), slow, { mode: 0o755 });
    writeFileSync(join(at, "crontab"), "# first\n");
    const env = { HOME: at, PATH: `${bin}:${process.env.PATH}` };
    const es = (prefix: string, step: string, ...args: string[]) => {
      const input = JSON.stringify({
        host: "@local",
        transport: "local",
        prefix: join(at, prefix),
        venv: { name: "a", path: join(at, prefix, "a") },
      });
      return expectStatus(0, step, args, { input, env });
    };
    const prefixes = ["one", "two"];
    for (const prefix of prefixes)
      for (const name of ["bin", "etc"]) mkdirSync(join(at, prefix, "a", name), { recursive: true });
    for (const prefix of prefixes) {
      writeFileSync(join(at, prefix, "a/bin/python"), '#!/bin/sh\nexec python3 "$@"\n', { mode: 0o755 });
      writeFileSync(join(at, prefix, "a/etc/supervisord.conf"), "");
      writeFileSync(join(at, prefix, "a/pyvenv.cfg"), "");
    }
    await Promise.all(prefixes.map((prefix) => es(prefix, "es-supervisor", "enable")));
    const lines = () => readFileSync(join(at, "crontab"), "utf8").trim().split("\n").sort();
    const entry = (prefix: string) => `@reboot /bin/sh '${at}/${prefix}/a/.essay/boot'`;
    assert.deepEqual(lines(), ["# first", ...prefixes.map(entry)]);
    const planned = await es("one", "es-venv", "a", "--remove", "--dry-run");
    assert.match(planned.stderr, /dry run: taken from the crontab, .*boot removed, virtualenv a removed/);
    assert.equal(lines().length, 3);
    await es("one", "es-venv", "a", "--remove", "--yes");
    assert.deepEqual(lines(), ["# first", entry("two")]);
    assert.deepEqual(readdirSync(join(at, "one")), [".essay"]);
  });

  test("where systemd runs the host, enable makes a unit that systemd accepts, of the account or, for root, of the system", async (t) => {
    const { es, path, record } = await supervised(t);
    await es(0, "up", "--profile", "silent");
    const directory = scratch(t);
    const stub = (name: string, text: string) =>
      writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    // An account like any other, or root, with a systemd that notes what it is told.
    stub("id", 'case $1 in -u) echo "$LAB_UID" ;; *) exec /usr/bin/id "$@" ;; esac');
    stub(
      "loginctl",
      `case $* in *enable-linger*) touch ${directory}/linger ;; *) test ! -e ${directory}/linger || echo Linger=yes ;; esac`,
    );
    stub(
      "systemctl",
      `echo "$*" >>${directory}/said
case " $* " in
*" is-system-running "*) echo running ;;
*" enable "*) touch ${directory}/enabled ;;
*" disable "*) rm ${directory}/enabled ;;
*" is-enabled "*) if test -e ${directory}/enabled; then echo enabled; else echo disabled; exit 1; fi ;;
esac`,
    );
    const ofAccount = join(directory, ".config/systemd/user");
    const ofSystem = join(directory, "system");
    mkdirSync(ofSystem);
    // The system's own directory, for one run.
    const inPlace = 'mount --bind "$1" /etc/systemd/system && exec "$2" "$3"';
    const cases = [
      { uid: "1000", units: ofAccount, scope: "--user ", wantedBy: "default.target" },
      { uid: "0", units: ofSystem, scope: "", wantedBy: "multi-user.target" },
    ];
    for (const { uid, units, scope, wantedBy } of cases) {
      const env = {
        ...{ PATH: `${directory}:${process.env.PATH}`, LAB_UID: uid },
        ...{ HOME: directory, XDG_CONFIG_HOME: "", XDG_RUNTIME_DIR: directory },
      };
      const changed = async (verb: string) => {
        const words = ["-m", "sh", "-c", inPlace, "sh", ofSystem, join(bins, "es-supervisor"), verb];
        return recordOf(await expectStatus(0, "unshare", words, { input: record, env })).trace.at(-1).changed;
      };
      assert.equal(await changed("enable"), true);
      const [unit = ""] = readdirSync(units);
      assert.match(unit, /^essay-a-[0-9a-f]{8}\.service$/);
      const text = readFileSync(join(units, unit), "utf8");
      assert.ok(text.includes(`ExecStart=/bin/sh "${path}/.essay/boot"\n`), text);
      assert.ok(text.includes(`WantedBy=${wantedBy}\n`), text);
      if (existsSync("/usr/bin/systemd-analyze"))
        await expectStatus(
          0,
          "systemd-analyze",
          [scope ? "--user" : "--system", "--man=no", "verify", join(units, unit)],
          {
            env: { XDG_RUNTIME_DIR: directory },
          },
        );
      assert.equal(await changed("enable"), false);
      const told = readFileSync(join(directory, "said"), "utf8").split("\n");
      assert.equal(told.filter((line) => line === `${scope}enable ${unit}`).length, 1, told.join("\n"));
      assert.equal(await changed("disable"), true);
      assert.deepEqual(readdirSync(units), []);
      assert.equal(await changed("disable"), false);
    }
  });

  test("a half-done virtualenv, none at all, and the live one are refused", async (t) => {
    const { es, path, record, prefix } = await supervised(t);
    writeFileSync(join(path, ".essay/changing"), "es-pip\n");
    const half = recordOf(await es(1, "up", "--profile", "test"));
    assert.equal(half.error.code, "half-done");
    assert.match(half.error.message, /es-pip was cut short/);
    const missing = JSON.stringify({ ...JSON.parse(record), venv: { name: "b", path: join(path, "../b") } });
    const flags = ["--project", "demo", "--port-prefix", prefix, "--profile", "test"];
    const none = await expectStatus(1, "es-supervisor", ["up", ...flags], { input: missing });
    assert.equal(recordOf(none).error.code, "no-venv");
    const live = JSON.stringify({ ...JSON.parse(record), live: "a" });
    const refused = await expectStatus(1, "es-supervisor", ["shutdown"], { input: live });
    assert.equal(recordOf(refused).error.code, "live");
    await expectStatus(0, "es-supervisor", ["shutdown", "--live"], { input: live });
  });

  test("while another run changes the virtualenv it is locked, not half-done", async (t) => {
    const { es, path } = await supervised(t);
    await es(0, "up", "--profile", "test");
    const verbs: [string, ...string[]][] = [
      ["up", "--profile", "test"],
      ["start", "demo"],
      ["restart", "demo"],
    ];
    // As es-pip does, while it runs.
    writeFileSync(join(path, ".essay/changing"), "es-pip\n");
    const release = await lock(join(path, "../.essay/a.lock"));
    t.after(release);
    for (const [verb, ...flags] of verbs)
      assert.equal(recordOf(await es(1, verb, ...flags)).error.code, "locked");
    await release();
    for (const [verb, ...flags] of verbs)
      assert.equal(recordOf(await es(1, verb, ...flags)).error.code, "half-done");
  });

  test("a dry run says what would be done and does nothing", async (t) => {
    const { es, path, alive } = await supervised(t);
    const dry = await es(0, "up", "--profile", "test", "--dry-run");
    assert.match(dry.stderr, /dry run: supervisord started \(first start\)/);
    assert.deepEqual(alive(), []);
    assert.ok(!existsSync(join(path, ".essay/credentials")));
    const first = recordOf(await es(0, "up", "--profile", "test"));
    for (const args of [["stop", "demo"], ["restart", "demo"], ["shutdown"], ["up", "--profile", "other"]])
      assert.equal(
        recordOf(await es(0, args[0] as string, ...args.slice(1), "--dry-run")).trace.at(-1).changed,
        true,
      );
    assert.deepEqual(pidsOf(recordOf(await es(0, "status"))), pidsOf(first));
  });

  test("supervisor comes from the index when the index has it", async (t) => {
    const { es, path, record, prefix, alive } = await supervised(t);
    const index = join(scratch(t), "index");
    mkdirSync(index);
    await copyWheels(index);
    const flags = `--project demo --port-prefix ${prefix} --profile test --template ${join(path, "../quick.conf")}`;
    writeFileSync(join(path, "../record"), record);
    const command = `exec node ${join(bins, "es-supervisor")} up ${flags} <${join(path, "../record")}`;
    const up = await expectStatus(0, "es-index", [index, "--", "sh", "-c", command]);
    assert.ok(existsSync(join(path, "bin/supervisord")), up.report);
    assert.ok(
      alive()
        .map(commandLine)
        .some((line) => line.includes(join(path, "bin/supervisord"))),
    );
    assert.equal(recordOf(await es(0, "up", "--profile", "test")).trace.at(-1).changed, false);
  });

  test("wrong usage is said before anything is read", async () => {
    for (const args of [
      ["upp"],
      ["start"],
      ["status", "a", "b"],
      ["status", "a", "--venv", "b"],
      ["status", "--rolling"],
      ["up", "-f"],
      ["shutdown", "--profile", "test"],
      ["activate", "--live"],
      ["tail", "-n", "0"],
    ]) {
      const ran = await expectStatus(2, "es-supervisor", args);
      assert.equal(ran.stdout, "");
    }
    assert.match((await expectStatus(2, "es-supervisor", ["relaod"])).stderr, /did you mean reload\?/);
  });

  test("a plain http index on another machine is passed as trusted, which is said once", async (t) => {
    const prefix = scratch(t);
    const venv = { name: "a", path: join(prefix, "a") };
    const record = { host: "@local", transport: "local", prefix, project: "demo", profile: "test", venv };
    const ran = await expectStatus(
      1,
      "es-supervisor",
      ["up", "--port-prefix", "880", "--index", "http://pypi.example/simple/"],
      { input: `${JSON.stringify(record)}\n`.repeat(2), cwd: prefix },
    );
    const said = ran.stderr.match(/^es-supervisor: http:\/\/pypi\.example\/simple\/ is plain http/gm);
    assert.equal(said?.length, 1, ran.report);
  });
});
