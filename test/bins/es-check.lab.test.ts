import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { freePort } from "../lab/ports.js";
import { identity, until } from "../lab/processes.js";
import { expectStatus, scratch } from "../lab/program.js";
import { recordOf, supervised } from "../lab/supervised.js";
import { web } from "../lab/web.js";

/** A web server of the test; its port. */
const serve = async (t: TestContext, answer: RequestListener, address?: string) =>
  Number(new URL(await web(t, answer, address)).port);

/** A record of this machine with a process on each port, as a line. */
function recordWith(ports: readonly (number | null)[], more: object = {}): string {
  const processes = ports.map((port, i) => ({ name: `demo_${i}`, state: "RUNNING", pid: 1, port }));
  return JSON.stringify({ host: "@local", transport: "local", processes, ...more });
}

const check = (status: number, input: string, ...args: string[]) =>
  expectStatus(status, "es-check", args, { input });

test("every process of a deployed virtualenv is asked", async (t) => {
  const { es, prefix } = await supervised(t);
  const up = await es(0, "up", "--profile", "test", "--processes", "2");
  const { checks, trace } = recordOf(await check(0, up.stdout, "--expect", "test"));
  assert.deepEqual(
    checks.map(({ ms: _, ...rest }: { ms: number }) => rest),
    [0, 1].map((last) => ({
      name: `demo:demo_${last}`,
      port: Number(`${prefix}${last}`),
      url: `http://127.0.0.1:${prefix}${last}/`,
      status: 200,
      ok: true,
    })),
  );
  assert.equal(trace.at(-1).step, "es-supervisor");
  const stopped = await es(0, "stop", "demo_1");
  assert.match((await check(0, stopped.stdout)).stderr, /demo:demo_1 is STOPPED and was not asked/);

  const silent = await es(0, "up", "--profile", "silent");
  assert.equal(recordOf(silent).processes[0].state, "RUNNING");
  const { error } = recordOf(await check(1, silent.stdout, "--timeout", "2"));
  assert.match(error.message, /^demo:demo_0: http:.*: nothing listens there \(connection refused\)$/);
});

test("one port that does not answer fails the host, and is named with what came", async (t) => {
  const good = await serve(t, (_, response) => response.end("fine"));
  const free = await freePort();
  const refused = recordOf(await check(1, recordWith([good, free]), "--timeout", "1"));
  assert.equal(refused.error.code, "check-failed");
  assert.equal(
    refused.error.message,
    `demo_1: http://127.0.0.1:${free}/: nothing listens there (connection refused)`,
  );
  assert.equal(refused.trace.at(-1).code, "check-failed");

  const bad = await serve(t, (_, response) => {
    response.statusCode = 500;
    response.end("database\n is gone\u001b[31m");
  });
  const { error } = recordOf(await check(1, recordWith([bad]), "--timeout", "1", "--http", "/x?y=1"));
  assert.match(
    error.message,
    /^demo_0: http:\/\/127.0.0.1:\d+\/x\?y=1: status 500, not 200: database is gone/,
  );
  await check(0, recordWith([bad]), "--status", "500");
});

test("it asks again until the answer is well", async (t) => {
  let asked = 0;
  const port = await serve(t, (_, response) => {
    response.statusCode = ++asked < 4 ? 503 : 200;
    response.end();
  });
  assert.equal(recordOf(await check(0, recordWith([port]))).checks[0].status, 200);
  assert.equal(asked, 4);
});

test("redirects are not followed, and --host is the Host header", async (t) => {
  const port = await serve(t, (request, response) => {
    if (request.headers.host === "www.example.org") return response.end("for www");
    response.writeHead(302, { location: "https://www.example.org/" });
    return response.end();
  });
  const { error } = recordOf(await check(1, recordWith([port]), "--timeout", "1"));
  assert.match(error.message, /status 302, not 200 \(to https:\/\/www.example.org\/\)/);
  await check(0, recordWith([port]), "--host", "www.example.org", "--expect", "for www");
});

test("the page must contain what is expected, and the version as a whole", async (t) => {
  const port = await serve(t, (_, response) => response.end("demo 26.11.21.12\n"));
  const missing = recordOf(await check(1, recordWith([port]), "--timeout", "1", "--expect", "it's me"));
  assert.match(missing.error.message, /"it's me" is not in the page: demo 26.11.21.12/);
  const versioned = (version: string) => recordWith([port], { version });
  await check(0, versioned("26.11.21.12"), "--expect-version");
  for (const version of ["26.11.21.1", "6.11.21.12", "26.11.21"]) {
    const { error } = recordOf(await check(1, versioned(version), "--timeout", "1", "--expect-version"));
    assert.match(error.message, /is not in the page/);
  }
  assert.equal(recordOf(await check(1, recordWith([port]), "--expect-version")).error.code, "not-configured");
  const installed = { project: "my_demo", installed: { other: "1.0", "My-Demo": "26.11.21.12" } };
  await check(0, recordWith([port], installed), "--expect-version");
  const differs = recordWith([port], { ...installed, version: "26.11.21.13" });
  assert.match(
    recordOf(await check(1, differs, "--expect-version")).error.message,
    /version is 26.11.21.13, and 26.11.21.12 is installed/,
  );
});

test("the answer must have the header that is expected", async (t) => {
  const port = await serve(t, (_, response) => {
    response.setHeader("X-Version", ["1.2", "1.3"]);
    response.end();
  });
  for (const header of ["x-version", "X-Version: 1.3"])
    await check(0, recordWith([port]), "--expect-header", header);
  const failing = async (header: string) =>
    recordOf(await check(1, recordWith([port]), "--timeout", "0.5", "--expect-header", header)).error.message;
  assert.match(await failing("X-Version: 1"), /the header X-Version is '1.2', not '1'/);
  assert.match(await failing("X-Other"), /the answer has no header X-Other/);
});

test("a command of the user's says of each port whether all is well", async (t) => {
  const directory = scratch(t);
  const script = join(directory, "look");
  const log = join(directory, "log");
  writeFileSync(
    script,
    `echo "$ESSAY_PROCESS $ESSAY_PORT $ESSAY_ADDRESS $ESSAY_VERSION $*" >>${log}
echo busy
[ "$(grep -c " $ESSAY_PORT " ${log})" -gt 1 ]`,
  );
  const record = recordWith([8800, 8801], { version: "1.2" });
  const { checks } = recordOf(await check(0, record, "--", "sh", script, "a b", "$HOME"));
  assert.deepEqual(
    checks.map(({ ms: _, ...rest }: { ms: number }) => rest),
    [0, 1].map((n) => ({ name: `demo_${n}`, port: 8800 + n, url: null, status: 0, ok: true })),
  );
  assert.deepEqual(
    readFileSync(log, "utf8").trimEnd().split("\n").sort(),
    [0, 0, 1, 1].map((n) => `demo_${n} 880${n} 127.0.0.1 1.2 a b $HOME`),
  );
  const bad = ["--timeout", "1", "--", "sh", "-c", "echo one; echo it is broken >&2; exit 3"];
  const { error } = recordOf(await check(1, record, ...bad));
  assert.equal(
    error.message,
    "demo_0: port 8800: the command ended with status 3: it is broken (1 more of 2 failed)",
  );
  const missing = recordOf(await check(1, record, "--", "no-such-command"));
  assert.match(missing.error.message, /No such file.*no-such-command/);
  const dry = await check(0, record, "--dry-run", "--", "touch", join(directory, "made"));
  assert.match(dry.stderr, /touch .*made would be run/);
});

test("a command that takes too long ends, with all that it has started", async (t) => {
  const directory = scratch(t);
  const pids = join(directory, "pids");
  const slow = `sleep 1000 & echo $! $$ >${pids}; wait`;
  const { error } = recordOf(await check(1, recordWith([8800]), "--timeout", "1", "--", "sh", "-c", slow));
  assert.match(error.message, /did not end in time/);
  for (const pid of readFileSync(pids, "utf8").trim().split(" "))
    await until(`the end of ${pid}`, () => identity(Number(pid)) === undefined);
});

test("--from here asks from this machine, by the address of the host", async (t) => {
  const port = await serve(t, (_, response) => response.end("fine"), "127.0.0.8");
  const directory = scratch(t);
  const file = join(directory, "ssh_config");
  writeFileSync(file, "Host web1\n  HostName 127.0.0.8\n");
  const remote = { host: "web1", transport: "ssh", bind: "0.0.0.0" };
  const flags = ["--from", "here", "--ssh-config", file];
  const { checks } = recordOf(await check(0, recordWith([port], remote), ...flags));
  assert.equal(checks[0].url, `http://127.0.0.8:${port}/`);
  await check(0, recordWith([port], { ...remote, bind: "127.0.0.8" }), ...flags, "--tcp");
  await check(0, recordWith([port], remote), ...flags, "--", "sh", "-c", `test "$PWD" = '${process.cwd()}'`);
});

test("all of it can stand in the configuration", async (t) => {
  const directory = scratch(t);
  const port = await serve(t, (request, response) => {
    response.writeHead(request.url === "/up" && request.headers.host === "www" ? 204 : 500, { "X-Is": "1" });
    response.end();
  });
  const input = recordWith([port]);
  const file = join(directory, "essay.toml");
  const withConfig = (status: number, text: string, ...args: string[]) => {
    writeFileSync(file, `[check]\n${text}\n`);
    return expectStatus(status, "es-check", ["--config", file, ...args], { input });
  };
  const page = 'http = "/up"\nhost = "www"\nstatus = 204\nexpect_header = "X-Is: 1"\ntimeout = 1\n';
  await withConfig(0, page);
  await withConfig(1, page, "--http", "/other");
  await withConfig(0, page, "--tcp");
  const command = await withConfig(0, 'command = ["sh", "-c", "exit 0"]\nfrom = "here"');
  assert.equal(recordOf(command).checks[0].url, null);
  assert.match((await withConfig(2, 'tcp = true\nhttp = "/"')).stderr, /check.http and check.tcp/);
  assert.match((await withConfig(2, 'from = "there"')).stderr, /must be "host" or "here"/);
});

test("what hangs, closes at once or speaks no HTTP fails in time", async (t) => {
  for (const [says, message] of [
    [undefined, /no answer in time/],
    ["", /closed without an answer/],
    ["SSH-2.0-x\r\n", /not HTTP/],
  ] as const) {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {});
      if (says !== undefined) socket.end(says);
      t.after(() => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const record = recordWith([(server.address() as AddressInfo).port]);
    assert.match(recordOf(await check(1, record, "--timeout", "1")).error.message, message);
    assert.equal(recordOf(await check(0, record, "--tcp")).checks[0].status, "open");
  }
});

test("the address is the one that processes are bound to", async (t) => {
  const port = await serve(t, (_, response) => response.end(), "127.0.0.9");
  await check(0, recordWith([port], { bind: "127.0.0.9" }));
  await check(1, recordWith([port]), "--timeout", "1");
  const six = await serve(t, (_, response) => response.end(), "::1");
  assert.equal(
    recordOf(await check(0, recordWith([six], { bind: "::" }))).checks[0].url,
    `http://[::1]:${six}/`,
  );
});

test("processes without a port must stay RUNNING; no processes at all is an error", async (t) => {
  const { error } = recordOf(await check(1, JSON.stringify({ host: "@local", transport: "local" })));
  assert.equal(error.code, "no-processes");
  assert.match(error.message, /es-supervisor up/);
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  t.after(() => child.kill());
  const cron = { name: "cron", state: "RUNNING", pid: child.pid, port: null };
  const well = await check(0, recordWith([], { processes: [cron] }));
  assert.match(well.stderr, /1 without a port stays RUNNING/);
  const { ms, ...watched } = recordOf(well).checks[0];
  assert.deepEqual(watched, { name: "cron", port: null, url: null, status: "running", ok: true });
  assert.ok(ms >= 1900, `watched for ${ms} ms`);
  child.kill();
  await once(child, "exit");
  const gone = recordOf(await check(1, recordWith([], { processes: [cron] })));
  assert.equal(gone.error.message, `cron: process ${child.pid} has ended`);
  const fatal = { processes: [{ name: "cron", state: "FATAL", pid: null, port: null }] };
  assert.equal(recordOf(await check(1, recordWith([], fatal))).error.message, "cron is FATAL");
  const stopped = { processes: [{ name: "cron", state: "STOPPED", pid: null, port: null }] };
  assert.equal(recordOf(await check(1, recordWith([], stopped))).error.code, "no-processes");
});

test("a process that does not run is not well, whatever listens on its port", async (t) => {
  let asked = 0;
  const port = await serve(t, (_, response) => {
    asked++;
    response.end();
  });
  const as = (state: string) => recordWith([], { processes: [{ name: "demo", state, pid: null, port }] });
  for (const state of ["FATAL", "EXITED", "UNKNOWN"]) {
    const { error } = recordOf(await check(1, as(state)));
    assert.deepEqual([error.code, error.message], ["check-failed", `demo is ${state}`]);
  }
  assert.equal(asked, 0);
  for (const state of ["RUNNING", "STARTING", "BACKOFF"]) await check(0, as(state));
  assert.equal(asked, 3);
});

test("data stays data: nothing of a flag reaches a shell", async (t) => {
  const port = await serve(t, (request, response) => response.end(request.headers.host));
  const host = "$(touch /tmp/owned)`id`'\"";
  await check(0, recordWith([port]), "--host", host, "--expect", host);
  await expectStatus(2, "es-check", ["--http", "x y"], { input: recordWith([port]) });
  await expectStatus(2, "es-check", ["--tcp", "--expect", "x"], { input: recordWith([port]) });
  await expectStatus(2, "es-check", ["--host", "x", "--", "true"], { input: recordWith([port]) });
  await expectStatus(2, "es-check", ["--from", "her"], { input: recordWith([port]) });
});
