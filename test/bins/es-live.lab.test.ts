import assert from "node:assert/strict";
import {
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type LabNginx, startNginx } from "../lab/nginx.js";
import { identity, until } from "../lab/processes.js";
import { expectStatus, recordsOf, scratch } from "../lab/program.js";
import { startSshd } from "../lab/sshd.js";

const upstreams = { upstreamA: ["127.0.0.1:1"], upstreamB: ["127.0.0.1:2"] };
const sides = ["--side", "a=upstreamA", "--side", "b=upstreamB"];

/** When a worker began is known to some hundredths of a second: an edit by hand comes later. */
const settled = () => pause(300);

async function balancer(t: TestContext): Promise<LabNginx> {
  const nginx = await startNginx({ upstreams });
  t.after(() => nginx.stop());
  await settled();
  return nginx;
}

const argsFor = ({ conf }: LabNginx) => ["--balancers", "@local", ...sides, "--conf", conf];

/** The side that es-live prints. */
async function printed(nginx: LabNginx, which = "--print"): Promise<string> {
  return (await expectStatus(0, "es-live", [which, ...argsFor(nginx)])).stdout.trim();
}

/** Asserts that es-live cannot tell, and why. */
async function untold(args: readonly string[], message: RegExp): Promise<void> {
  const { stdout, stderr } = await expectStatus(1, "es-live", ["--print", ...args]);
  assert.equal(stdout, "");
  assert.match(stderr, message);
}

/** Edits the file with the name, as a hand would. */
function edit({ conf }: LabNginx, from: string, to: string): void {
  writeFileSync(conf, readFileSync(conf, "utf8").replace(from, to));
}

/** Makes nginx read its files, when edits before it and after it can be told apart. */
async function reload(nginx: LabNginx): Promise<void> {
  await settled();
  await nginx.reload();
  await settled();
}

/** Kills the worker, waits for the next one, and resolves to what waits until that is past by nginx's clock. */
async function crash(nginx: LabNginx): Promise<() => Promise<void>> {
  const [worker = 0] = nginx.workers();
  process.kill(worker, "SIGKILL");
  const killed = Date.now();
  await until("the next worker", async () => identity(worker) === undefined && nginx.workers().length > 0);
  // nginx's log tells seconds: whatever begins in one of a crash, or in the next, may be in the place of the crashed one.
  return () =>
    until("the next second but one", () => Math.floor(Date.now() / 1000) > Math.floor(killed / 1000) + 2);
}

test("adds the side to every record, and later steps leave that virtualenv alone", async (t) => {
  const nginx = await balancer(t);
  const input =
    '{"host":"web1","x":1.0}\n{"host":"web2","live":"b","error":{"step":"s","code":"c","message":"m"}}\n';
  const { stdout, stderr } = await expectStatus(1, "es-live", [...argsFor(nginx), "-k"], { input });
  assert.equal(stdout, input.replace("1.0}", '1.0,"live":"a"}'));
  assert.match(stderr, /^web1 {2}es-live {2}nginx serves a \(upstreamA\)/);
  const prefix = scratch(t);
  const refused = await expectStatus(1, "es-venv", ["a"], {
    input: `${JSON.stringify({ host: "@local", transport: "local", prefix, live: "a" })}\n`,
  });
  assert.equal(recordsOf(refused.stdout)[0].error.code, "live");
  assert.equal(await printed(nginx), "a");
  assert.equal(await printed(nginx, "--idle"), "b");
});

test("what the workers have read counts, not what the file says", async (t) => {
  const nginx = await balancer(t);
  const args = argsFor(nginx);
  const changed =
    /^es-live: not-loaded: .*names upstreamB, and was changed after the workers of nginx began: reload/;
  edit(nginx, "upstreamA", "upstreamB");
  await untold(args, changed);
  // As of a copy that keeps its time.
  utimesSync(nginx.conf, 1, 1);
  await untold(args, changed);

  // A worker that crashed has a successor, which runs what the master had read.
  const past = await crash(nginx);
  await untold(args, /^es-live: not-loaded: .*a worker of nginx took the place of one that crashed/);
  await past();

  await reload(nginx);
  assert.equal(await printed(nginx), "b");
  // Somebody who is midway elsewhere has changed nothing that is served.
  writeFileSync(join(nginx.directory, "conf/extra/essay_demo.conf"), "server {");
  assert.equal(await printed(nginx), "b");
});

test("a file that a switch has edited and taken back is as its workers have read it", async (t) => {
  const nginx = await balancer(t);
  const args = argsFor(nginx);
  const text = readFileSync(nginx.conf, "utf8");
  const input = '{"host":"lb1","transport":"local"}\n';
  const wrong = ["--conf", nginx.conf, "upstreamA", "upstreamNowhere"];
  await expectStatus(1, "es-nginx-switch", wrong, { input });
  const workers = nginx.workers();
  assert.equal(await printed(nginx), "a");
  // What counts then is the text, and that nobody else serves it.
  edit(nginx, "upstreamA", "upstreamB");
  await untold(args, /not-loaded/);
  writeFileSync(nginx.conf, text);
  assert.equal(await printed(nginx), "a");
  const right = ["--conf", nginx.conf, "upstreamA", "upstreamB"];
  const dry = await expectStatus(0, "es-nginx-switch", ["--dry-run", ...right], { input });
  assert.match(dry.stderr, /would put upstreamB in 1 place of .* and reload; upstreamA is served/);
  assert.deepEqual(nginx.workers(), workers);
  const past = await crash(nginx);
  await untold(args, /not-loaded: .*a worker of nginx took the place of one that crashed/);
  await past();
  await expectStatus(0, "es-nginx-switch", right, { input });
  assert.ok(!existsSync(join(nginx.directory, "conf/.nginx.conf.essay-read")));
  assert.equal(await printed(nginx), "b");
});

test("a link that leads to another file is a change, too", async (t) => {
  const nginx = await balancer(t);
  const at = (name: string) => join(nginx.directory, "conf", name);
  edit(nginx, "extra/upstreamA.conf", "side.conf");
  for (const side of ["A", "B"])
    writeFileSync(at(`side${side}.conf`), `include extra/upstream${side}.conf;\n`);
  symlinkSync("sideA.conf", at("side.conf"));
  await reload(nginx);
  const file = ["--switch-conf", "side.conf"];
  const live = async () =>
    (await expectStatus(0, "es-live", ["--print", ...argsFor(nginx), ...file])).stdout.trim();
  assert.equal(await live(), "a");
  symlinkSync("sideB.conf", at("next"));
  renameSync(at("next"), at("side.conf"));
  await untold([...argsFor(nginx), ...file], /side\.conf names upstreamB, and was changed after/);
  await reload(nginx);
  assert.equal(await live(), "b");
});

test("an nginx that is not there, or names neither side, or both", async (t) => {
  const nginx = await balancer(t);
  const args = argsFor(nginx);
  edit(nginx, "include extra/upstreamA.conf;", "# upstreamA\n");
  await untold(args, /^es-live: pattern-absent: .*names neither upstreamA nor upstreamB outside comments/);
  edit(
    nginx,
    "# upstreamA",
    "include extra/upstream[AB].conf; # upstreamA\n map $host $x { a upstreamA; b upstreamB; }",
  );
  await untold(args, /^es-live: both-sides: /);
  edit(nginx, "b upstreamB;", "");
  const pidFile = join(nginx.directory, "logs/nginx.pid");
  const pid = readFileSync(pidFile);
  rmSync(pidFile);
  try {
    await untold(args, /^es-live: nginx-stray: /);
  } finally {
    writeFileSync(pidFile, pid);
  }
  const { conf } = await startNginx({ upstreams }).then(async (other) => {
    const kept = readFileSync(other.conf);
    await other.stop();
    const folder = scratch(t);
    writeFileSync(join(folder, "nginx.conf"), kept);
    return { conf: join(folder, "nginx.conf") };
  });
  await untold([...args.slice(0, -1), conf], /^es-live: nginx-not-running: .*@local: nginx is not running/);
});

test("several balancers: all the same, different ones, and one that is not there", async (t) => {
  const lab = await startSshd({ hosts: 2 });
  t.after(() => lab.stop());
  const all: LabNginx[] = [];
  for (const user of lab.hosts)
    all.push(await startNginx({ upstreams, user, directory: join(user.home, "nginx") }));
  const hosts = lab.hosts.map(({ address, user, port }) => `${user}@${address}:${port}`);
  const [first, second] = hosts;
  const toml = join(scratch(t), "essay.toml");
  const write = (role: readonly string[]) =>
    writeFileSync(
      toml,
      `[roles]\nlb = ${JSON.stringify(role)}\n[nginx]\nrole = "lb"\nconf = "~/nginx/conf/nginx.conf"\nsides = { a = "upstreamA", b = "upstreamB" }\n`,
    );
  const args = ["--config", toml, "--ssh-config", lab.sshConfig];
  write(hosts);
  assert.equal((await expectStatus(0, "es-live", ["--idle", ...args])).stdout, "b\n");

  edit(all[1] as LabNginx, "upstreamA", "upstreamB");
  await reload(all[1] as LabNginx);
  const disagree = new RegExp(
    `balancers-disagree: the balancers disagree: \\S*${lab.hosts[0]?.address}\\S* serves a, \\S*${lab.hosts[1]?.address}\\S* serves b`,
  );
  await untold(args, disagree);
  // For every record it is a failure.
  const { stdout } = await expectStatus(1, "es-live", args, { input: '{"host":"w1"}\n{"host":"w2"}\n' });
  assert.deepEqual(
    recordsOf(stdout).map(({ error, live }) => [error.code, live]),
    [
      ["balancers-disagree", undefined],
      ["balancers-disagree", undefined],
    ],
  );

  write([first ?? "", `${second?.replace(/:\d+$/, "")}:1`]);
  await untold(args, /^es-live: refused: which side is served cannot be told: .* serves a; .*:1: /);
});

test("wrong usage", async () => {
  const at = ["--balancers", "@local"];
  for (const [args, message] of [
    [["--print", "--idle", ...at, ...sides], /--print and --idle do not go together/],
    [["--print", ...at], /nginx\.sides names the two sides/],
    [["--print", ...at, "--side", "a"], /--side takes NAME=UPSTREAM, not a/],
    [["--print", ...at, "--side", "a=x", "--side", "a=y"], /--side a is given twice/],
    [["--print", ...sides], /there is no role nginx/],
  ] as const)
    assert.match((await expectStatus(2, "es-live", args)).stderr, message);
});
