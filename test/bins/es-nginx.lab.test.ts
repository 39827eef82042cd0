import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fetchPage } from "../lab/http.js";
import { lock } from "../lab/lock.js";
import { type LabNginx, layOutNginx, type NginxOptions } from "../lab/nginx.js";
import { identity, until } from "../lab/processes.js";
import { expectStatus, type RunOptions, recordsOf, scratch } from "../lab/program.js";

const here = `${JSON.stringify({ host: "lb1", transport: "local" })}\n`;

/** The tree of an nginx that does not run yet; it ends with the test. It answers by itself, with "one". */
async function laidOut(t: TestContext, options: Partial<NginxOptions> = {}): Promise<LabNginx> {
  const nginx = await layOutNginx({ upstreams: { upstreamA: ["127.0.0.1:1"] }, ...options });
  t.after(() => nginx.stop());
  answering(nginx, "one");
  return nginx;
}

/** Writes the file of the site anew: every page is this text, but for "/lost", whose upstream does not answer. */
function answering({ directory, address, port }: LabNginx, text: string, more = ""): void {
  const lost = "location /lost { proxy_pass http://127.0.0.1:1; }";
  const site = `server { listen ${address}:${port}; ${lost} location / { return 200 "${text}"; } }\n${more}`;
  writeFileSync(join(directory, "conf/extra/essay_demo.conf"), site);
}

const page = async (nginx: LabNginx) => (await fetchPage(nginx.url)).body;

/** Runs es-nginx on it; what is said to people, and the record. */
async function control(nginx: LabNginx, status: number, args: string[], options: RunOptions = {}) {
  const ran = await expectStatus(status, "es-nginx", ["--conf", nginx.conf, ...args], {
    input: here,
    ...options,
  });
  const [record] = recordsOf(ran.stdout);
  return { ...ran, record, error: record.error };
}

/** Asserts that it fails, and how. */
async function refused(nginx: LabNginx, args: string[], code: string, message: RegExp, options?: RunOptions) {
  const { error, report } = await control(nginx, 1, args, options);
  assert.equal(error?.code, code, report);
  assert.match(error.message, message);
  return error;
}

/** A port that something else has taken. */
async function taken(t: TestContext): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await until("the server", async () => server.listening);
  return (server.address() as AddressInfo).port;
}

test("start, reload, stop, and what is so already", async (t) => {
  const nginx = await laidOut(t);
  assert.match((await control(nginx, 0, ["stop"])).stderr, /nginx is not running/);
  await refused(nginx, ["reload"], "nginx-not-running", /names no master process; nothing is served$/);
  const dry = await control(nginx, 0, ["start", "--dry-run"]);
  assert.equal(dry.record.trace[0].changed, true);
  await assert.rejects(fetchPage(nginx.url));

  const started = await control(nginx, 0, ["start"]);
  assert.equal(started.record.trace[0].changed, true);
  assert.match(started.stderr, /^lb1 {2}es-nginx {2}nginx started, 1 worker serves/);
  assert.equal(await page(nginx), "one");
  const [first] = nginx.workers();
  const again = await control(nginx, 0, ["start"]);
  assert.equal(again.record.trace[0].changed, false);
  assert.match(again.stderr, /nginx runs already, with 1 worker/);
  assert.deepEqual(nginx.workers(), [first]);

  answering(nginx, "two");
  await control(nginx, 0, ["reload", "--dry-run"]);
  assert.deepEqual(nginx.workers(), [first]);
  const reloaded = await control(nginx, 0, ["reload"]);
  assert.match(reloaded.stderr, /nginx reloaded, 1 new worker serves/);
  assert.equal(await page(nginx), "two");

  const master = nginx.pid();
  const stopped = await control(nginx, 0, ["stop"]);
  assert.equal(stopped.record.trace[0].changed, true);
  assert.match(stopped.stderr, /nginx stopped, nothing is served/);
  assert.equal(identity(master), undefined);
  await assert.rejects(fetchPage(nginx.url));
});

test("test looks, and leaves no trace; what nginx takes for well although it may be none is told", async (t) => {
  const nginx = await laidOut(t);
  const sound = await control(nginx, 0, ["test"]);
  assert.equal(sound.stdout, here);
  assert.match(sound.stderr, /^lb1 {2}es-nginx {2}\S+nginx\.conf is sound/);
  const same = `server { listen ${nginx.address}:${nginx.port}; server_name x; }\n`;
  answering(nginx, "one", `include sites/*.conf; include extra/upstream?.conf;\n${same}${same}`);
  writeFileSync(
    nginx.conf,
    readFileSync(nginx.conf, "utf8").replace("    include extra/upstreamA.conf;", ""),
  );
  const { stderr } = await control(nginx, 0, ["test"]);
  assert.match(stderr, /es-nginx: lb1: conflicting server name "x" on .*, ignored/);
  assert.match(stderr, /es-nginx: lb1: no file is there for include \S+\/conf\/sites\/\*\.conf$/m);
});

test("a mistake in the configuration: what serves goes on, and can be stopped", async (t) => {
  const nginx = await laidOut(t);
  await control(nginx, 0, ["start"]);
  const workers = nginx.workers();
  answering(nginx, "two", "nonsense on;\n");
  const error = await refused(
    nginx,
    ["reload"],
    "nginx-test-failed",
    /^nginx -t finds fault with \S+; nginx goes on with what it has read before, in 1 worker$/,
  );
  assert.match(error.stderr, /unknown directive "nonsense"/);
  await refused(nginx, ["test"], "nginx-test-failed", /goes on/);
  assert.deepEqual(nginx.workers(), workers);
  assert.equal(await page(nginx), "one");
  assert.match((await control(nginx, 0, ["start"])).stderr, /nginx -t finds fault with .* as it is now/);
  await control(nginx, 0, ["stop"]);
  await refused(nginx, ["start"], "nginx-test-failed", /; nginx is not running$/);
});

test("nginx -t is content, and nginx is not: a port that is taken", async (t) => {
  const nginx = await laidOut(t);
  await control(nginx, 0, ["start"]);
  const [worker] = nginx.workers();
  answering(nginx, "two", `server { listen 127.0.0.1:${await taken(t)}; }\n`);
  await control(nginx, 0, ["test"]);
  // What nginx logs of a request is its user's business, not ours.
  const asking = setInterval(() => fetchPage(`${nginx.url}lost?secret`).catch(() => {}), 100);
  t.after(() => clearInterval(asking));
  const error = await refused(
    nginx,
    ["reload"],
    "reload-failed",
    new RegExp(`^nginx goes on with the old configuration, in worker ${worker}; its error log tells why$`),
  );
  clearInterval(asking);
  assert.match(error.stderr, /\[emerg\] .*still could not bind\(\)/);
  assert.match(nginx.errors(), /lost\?secret/);
  assert.doesNotMatch(error.stderr, /secret/);
  assert.equal(await page(nginx), "one");
  assert.deepEqual(nginx.workers(), [worker]);
  await control(nginx, 0, ["stop"]);
  const failed = await refused(nginx, ["start"], "start-failed", /^nginx did not start with /);
  assert.match(failed.stderr, /Address already in use/);
  await assert.rejects(fetchPage(nginx.url));
});

test("workers that end as soon as they begin are no success, and the next reload mends it", async (t) => {
  const nginx = await laidOut(t);
  const sound = readFileSync(nginx.conf, "utf8");
  const broken = `${sound}working_directory ${nginx.directory}/nowhere;\n`;
  writeFileSync(nginx.conf, broken);
  const failed = await refused(nginx, ["start"], "start-failed", /, and no worker of it stays$/);
  assert.match(failed.stderr, /chdir\(.*\) failed/);
  await refused(nginx, ["start"], "nginx-not-running", /runs and has no worker that takes connections$/);
  writeFileSync(nginx.conf, sound);
  await control(nginx, 0, ["reload"]);
  assert.equal(await page(nginx), "one");

  writeFileSync(nginx.conf, broken);
  const error = await refused(nginx, ["reload"], "reload-failed", /^no worker takes connections any more/);
  assert.match(error.stderr, /worker process \d+ exited with fatal code 2/);
  assert.doesNotMatch(error.stderr, /\[notice\]/);
});

test("a pid file that is stale", async (t) => {
  const nginx = await laidOut(t);
  const pidFile = join(nginx.directory, "logs/nginx.pid");
  // Of a run that crashed; the number is another process's by now.
  writeFileSync(pidFile, `${process.pid}\n`);
  assert.match((await control(nginx, 0, ["stop"])).stderr, /nginx is not running/);
  await control(nginx, 0, ["start"]);
  const master = nginx.pid();
  writeFileSync(pidFile, `${process.pid}\n`);
  try {
    for (const verb of ["reload", "start", "stop"])
      await refused(
        nginx,
        [verb],
        "nginx-stray",
        new RegExp(`names no master process, while process ${master} is one .*write its pid into that file`),
      );
    assert.equal(await page(nginx), "one");
  } finally {
    writeFileSync(pidFile, `${master}\n`);
  }
});

test("two masters, while a new program comes in", async (t) => {
  const nginx = await laidOut(t);
  await control(nginx, 0, ["start", "--bin", "nginx"]);
  const former = nginx.pid();
  process.kill(former, "SIGUSR2");
  await until("the second master", async () => {
    const file = join(nginx.directory, "logs/nginx.pid");
    return existsSync(file) && nginx.pid() !== former && nginx.workers().length > 0;
  });
  const both = new RegExp(`the masters ${former} and ${nginx.pid()} both serve: .*kill -QUIT ${former}`);
  await refused(nginx, ["reload"], "nginx-upgrading", both);
  await refused(nginx, ["start"], "nginx-upgrading", both);
  const all = [former, nginx.pid(), ...nginx.workers()];
  await control(nginx, 0, ["stop"]);
  assert.deepEqual(
    all.map(identity),
    all.map(() => undefined),
  );
});

/** A connection that has said half of its request. */
async function halfAsked(t: TestContext, { address, port }: LabNginx): Promise<Socket> {
  const socket = connect(port, address);
  t.after(() => socket.destroy());
  await new Promise((resolve) => socket.write("GET / HTTP/1.1\r\nHost: x\r\n", resolve));
  return socket;
}

test("stop --drain lets connections end, and says which it still waits for", async (t) => {
  const nginx = await laidOut(t);
  await control(nginx, 0, ["start"]);
  const [worker] = nginx.workers();
  const socket = await halfAsked(t, nginx);
  // nginx must have taken the connection before it closes the port.
  await until("the log of the connection", async () => (await page(nginx)) === "one");
  await refused(
    nginx,
    ["stop", "--drain", "--timeout", "6"],
    "stop-failed",
    new RegExp(`^nginx takes no new connection, and process \\d+ ${worker} still serves`),
  );
  await assert.rejects(fetchPage(nginx.url));
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.write("\r\n");
  await until("the answer", async () => answer.endsWith("one"));
  await control(nginx, 0, ["stop", "--drain"]);
  assert.equal(identity(worker as number), undefined);
});

test("one that another run has: refused, or waited for", async (t) => {
  const nginx = await laidOut(t);
  const release = await lock(join(nginx.directory, "conf"));
  t.after(release);
  for (const verb of ["start", "stop", "reload"])
    await refused(nginx, [verb], "locked", /^the nginx of \S+ is locked by another run$/);
  for (const args of [["test"], ["start", "--dry-run"]]) await control(nginx, 0, args);
  const waiting = control(nginx, 0, ["start", "--wait", "30"]);
  await pause(1000);
  await assert.rejects(fetchPage(nginx.url));
  await release();
  await waiting;
  assert.equal(await page(nginx), "one");
  assert.ok(!existsSync(join(nginx.directory, "conf/.essay-lock")));
  // nginx has not taken the lock with it.
  await control(nginx, 0, ["stop"]);
});

test("stop without --drain cuts connections off", async (t) => {
  const nginx = await laidOut(t);
  await control(nginx, 0, ["start"]);
  const socket = await halfAsked(t, nginx);
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.on("error", () => {});
  assert.equal(await page(nginx), "one");
  await control(nginx, 0, ["stop"]);
  await closed;
});

for (const scope of ["--system", "--user"])
  test(`through systemd, where one of its units owns that nginx: ${scope}`, async (t) => {
    const nginx = await laidOut(t);
    const folder = scratch(t);
    const log = join(folder, "log");
    const state = join(folder, "running");
    // What systemctl of systemd 252 says of a unit, and does with it. The other systemd does not run.
    const unit = `{ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx -q -c ${nginx.conf} ; ignore_errors=no ; pid=0 }`;
    const script = `#!/bin/sh
[ "$1" = ${scope} ] && [ -n "$XDG_RUNTIME_DIR" ] || exit 1
shift
echo "$*" >>${log}
pid() { cat ${nginx.directory}/logs/nginx.pid 2>/dev/null || echo 0; }
case "$*" in
    list-unit-files*) echo "nginx@.service disabled enabled"; echo "other-nginx.service enabled"; echo "my-nginx.service enabled enabled" ;;
    *ExecStart*my-nginx*) echo 'ExecStart=${unit}' ;;
    *ExecStart*) echo 'ExecStart={ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx ; ignore_errors=no }' ;;
    *MainPID*) printf 'MainPID=1\\nId=init.service\\n\\nMainPID=%s\\nId=my-nginx.service\\n' "$(pid)" ;;
    *start*) [ ! -e ${state} ] || exit 1; /usr/sbin/nginx -c ${nginx.conf} && : >${state} ;;
    *reload*) kill -HUP "$(pid)" ;;
    *stop*) kill -TERM "$(pid)"; while [ "$(pid)" != 0 ]; do sleep 0.1; done; rm ${state} ;;
esac
`;
    writeFileSync(join(folder, "systemctl"), script, { mode: 0o755 });
    const env = { PATH: `${folder}:${process.env.PATH}` };
    assert.match((await control(nginx, 0, ["start"], { env })).stderr, /nginx started by my-nginx\.service/);
    const reloaded = await control(nginx, 0, ["reload"], { env });
    assert.match(reloaded.stderr, /reloaded by my-nginx\.service, 1 new/);
    assert.match((await control(nginx, 0, ["stop"], { env })).stderr, /nginx stopped by my-nginx\.service/);
    const deeds = readFileSync(log, "utf8").match(/^--no-ask-password .*$/gm);
    assert.deepEqual(
      deeds,
      ["start", "reload", "stop"].map((verb) => `--no-ask-password ${verb} my-nginx.service`),
    );
    writeFileSync(state, "");
    const failing = /^systemd could not start my-nginx\.service$/;
    await refused(nginx, ["start"], "start-failed", failing, { env });
  });

test("nginx of another account: only by become", async (t) => {
  const nobody = { uid: 65534, gid: 65534 };
  const nginx = await laidOut(t, { user: nobody });
  const input = here.replace("}", ',"become":"nobody"}');
  const { record } = await control(nginx, 0, ["start"], { input });
  assert.equal(record.error, undefined);
  assert.equal(await page(nginx), "one");
  await control(nginx, 0, ["stop"], { input });

  const ofRoot = await laidOut(t);
  await control(ofRoot, 0, ["start"]);
  for (const verb of ["reload", "stop", "test"])
    await refused(ofRoot, [verb], "permission-denied", /^nobody may not .*; see "become"/, { input });
  assert.equal(await page(ofRoot), "one");
});

test("what cannot be controlled from here is refused", async (t) => {
  const nginx = await laidOut(t);
  const sound = readFileSync(nginx.conf, "utf8");
  for (const [directive, code, message] of [
    ["master_process off", "nginx-single", /says master_process off/],
    ["daemon off", "nginx-foreground", /says daemon off/],
  ] as const) {
    writeFileSync(nginx.conf, sound);
    appendFileSync(nginx.conf, `${directive};\n`);
    await refused(nginx, ["start"], code, message);
  }
  await refused({ ...nginx, conf: "/nowhere/x.conf" }, ["start"], "conf-missing", /there is no file/);
  await refused(
    nginx,
    ["--bin", "$(touch x)", "start"],
    "nginx-missing",
    /no program \$\(touch x\); name it/,
  );
  for (const args of [
    [],
    ["restart"],
    ["reload", "--drain"],
    ["test", "--wait", "1"],
    ["start", "now"],
    ["--conf", "nginx.conf", "start"],
  ])
    await expectStatus(2, "es-nginx", args, { input: here });
});
