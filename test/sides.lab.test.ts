// Releases and rollbacks, end to end: two SSH hosts with two sides each, behind two balancers, and users all the while.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { historyIn } from "./lab/history.js";
import { fetchPage } from "./lab/http.js";
import { type LabIndex, startIndex } from "./lab/index.js";
import { type LabNginx, startNginx } from "./lab/nginx.js";
import { until } from "./lab/processes.js";
import { type Ran, recordsOf, shell } from "./lab/program.js";
import { type SshLab, startSshd } from "./lab/sshd.js";
import { templateFor } from "./lab/supervised.js";
import { tiny } from "./lab/tiny.js";

/** Version 3.0 answers 500; 4.0 is well until somebody comes through nginx. */
const server = (version: string) => `import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

version = "${version}"
given = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if version == "4.0" and self.headers["X-Real-IP"]:
            os._exit(1)
        page = version.encode()
        self.send_response(500 if version == "3.0" else 200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


ThreadingHTTPServer((given["bind"], int(given["port"])), Handler).serve_forever()
`;

const worker = `
[program:worker]
command=sleep 1000
autostart=false
[group:live]
programs=worker
`;

let ssh: SshLab;
let index: LabIndex;
let balancers: LabNginx[];
let project: string;

before(async () => {
  ssh = await startSshd({ hosts: 2 });
  index = await startIndex({ empty: true });
  project = join(ssh.directory, "project");
  mkdirSync(project);
  const sideAt = (prefix: string) => ssh.hosts.map(({ address }) => `${address}:${prefix}0`);
  const upstreams = { upstreamA: sideAt("880"), upstreamB: sideAt("881") };
  balancers = [];
  for (const user of ssh.hosts)
    balancers.push(await startNginx({ upstreams, user, directory: join(user.home, "nginx") }));
  const hosts = JSON.stringify(ssh.inventory);
  writeFileSync(
    join(project, "essay.toml"),
    `project = "demo"
ports = { a = "880", b = "881" }
supervisor.template = "supervisord.conf"
check.timeout = 4
history.file = "history.jsonl"
deploy = { role = "web", profile = "test" }
[roles]
web = { hosts = ${hosts}, bind = "{host}" }
lb = ${hosts}
[nginx]
role = "lb"
conf = "~/nginx/conf/nginx.conf"
sides = { a = "upstreamA", b = "upstreamB" }
`,
  );
  const command = /^command=.*$/m;
  const own = 'command="{{venv_dir}}/bin/python" -m demo --bind="{{bind}}" --port={{port}}%(process_num)d';
  writeFileSync(join(project, "supervisord.conf"), templateFor(1).replace(command, own) + worker);
  const releases = ["1.0", "2.0", "3.0", "4.0"].map((version) => {
    const files = tiny(index.directory, version, "demo", server(version));
    return { project: "demo", version, files: files.filter(({ kind }) => kind === "wheel") };
  });
  writeFileSync(
    join(project, "releases.jsonl"),
    releases.map((release) => `${JSON.stringify(release)}\n`).join(""),
  );
});
after(async () => {
  for (const nginx of balancers) await nginx.stop();
  await index.stop();
  await ssh.stop();
});

/** Runs a command line in the project's folder; it is to end with this status. */
async function run(status: number, line: string): Promise<Ran> {
  const env = { ESSAY_INDEX: index.url, ESSAY_SSH_CONFIG: ssh.sshConfig };
  const ran = await shell(line, { cwd: project, limit: 120_000, env });
  assert.equal(ran.status, status, ran.report);
  return ran;
}

/** What each balancer serves: the version, or the status where that is not 200. */
const served = () =>
  Promise.all(
    balancers.map(async ({ url }) => {
      const { status, body } = await fetchPage(url);
      return status === 200 ? body : String(status);
    }),
  );

/** The codes of the records that failed. */
const codes = ({ stdout }: Ran) => recordsOf(stdout).flatMap(({ error }) => error?.code ?? []);

/** The side on which the worker runs, of each host. */
async function workersOn(): Promise<string[]> {
  const { stdout } = await run(0, "es-hosts web | es-status -k");
  return recordsOf(stdout).map(({ venvs }) =>
    venvs
      .filter(({ processes }: { processes: { name: string; state: string }[] }) =>
        processes.some(({ name, state }) => name === "live:worker" && state === "RUNNING"),
      )
      .map(({ name }: { name: string }) => name)
      .join(),
  );
}

/** Users of both balancers, until they are told to go; resolves to all that they saw, each once. */
function users(): () => Promise<string[]> {
  const seen = new Set<string>();
  let over = false;
  const going = (async () => {
    while (!over) {
      for (const what of await served()) seen.add(what);
      await pause(100);
    }
  })();
  return async () => {
    over = true;
    await going;
    return [...seen].sort();
  };
}

test("the first release, where the side that nginx names is not there yet", async () => {
  assert.deepEqual(await served(), ["502", "502"]);
  const ran = await run(0, "es release 1.0");
  assert.match(ran.stderr, /^es: nginx serves a: the release is for b, and users follow when all is well/m);
  assert.match(ran.stderr, /live:worker started/);
  assert.deepEqual(await served(), ["1.0", "1.0"]);
});

test("the second one, at first as a dry run; users see the one version or the other", async () => {
  const dry = await run(0, "es release 2.0 --dry-run");
  assert.match(dry.stderr, /es-nginx-switch {2}dry run: would put upstreamA in 1 place/);
  for (const { home } of ssh.hosts) assert.deepEqual(readdirSync(join(home, "demo")).sort(), [".essay", "b"]);

  const gone = users();
  await run(0, "es release 2.0 --confirm 60");
  assert.deepEqual(await served(), ["2.0", "2.0"]);
  assert.deepEqual(await gone(), ["1.0", "2.0"]);
  assert.deepEqual(await workersOn(), ["a", "a"]);
});

test("a rollback, and no way to a version that is marked bad", async (t) => {
  const gone = users();
  const begun = performance.now();
  const ran = await run(0, "es rollback");
  t.diagnostic(
    `es rollback on 2 hosts and 2 balancers: ${((performance.now() - begun) / 1000).toFixed(1)} s`,
  );
  assert.match(ran.stderr, /^es: nginx serves a: users go back to b when all is well there$/m);
  assert.doesNotMatch(ran.stderr, /es-venv|es-pip/);
  assert.deepEqual(await workersOn(), ["b", "b"]);

  await run(0, "es-hosts web | es-status --mark-bad 2.0 --why 'loses mail'");
  for (const line of ["es rollback", "es release 2.0"]) {
    const refused = await run(1, line);
    assert.deepEqual(codes(refused), ["bad-version", "bad-version"], refused.report);
    assert.match(refused.stderr, /2\.0 .*is marked bad by .*: loses mail/);
    assert.match(
      refused.stderr,
      /^es: ended with status 1; not begun: es-hosts lb \| es-nginx-switch --to=a/m,
    );
  }
  assert.deepEqual(await served(), ["1.0", "1.0"]);
  const [last] = recordsOf((await run(0, "es-hosts web | es-status --history -n 1")).stdout);
  assert.deepEqual(last.history[0].changes, ["demo 2.0 marked bad: loses mail"]);
  const here = historyIn(join(project, "history.jsonl")).slice(-2);
  assert.deepEqual(
    here.map(({ version }) => version),
    ["2.0", "2.0"],
  );
  await run(0, "es-hosts web | es-status --mark-good 2.0");
  await run(0, "es rollback");
  assert.deepEqual(await served(), ["2.0", "2.0"]);
  assert.deepEqual(await gone(), ["1.0", "2.0"]);
});

test("a release that answers 500 is stopped by es-check, and is nothing to go back to; users never see it", async () => {
  const gone = users();
  const stopped = await run(1, "es release 3.0");
  assert.deepEqual(codes(stopped), ["check-failed", "check-failed"], stopped.report);
  const refused = await run(1, "es rollback");
  assert.deepEqual(codes(refused), ["check-failed", "check-failed"], refused.report);
  assert.deepEqual(await served(), ["2.0", "2.0"]);
  await run(0, "es rollback --to 1.0 --release releases.jsonl");
  assert.deepEqual(await served(), ["1.0", "1.0"]);
  assert.deepEqual(await gone(), ["1.0", "2.0"]);
});

test("one that dies when users come: es rollback", async (t) => {
  await run(0, "es release 4.0");
  assert.deepEqual(await served(), ["502", "502"]);
  const begun = performance.now();
  const seconds = () => ((performance.now() - begun) / 1000).toFixed(1);
  const back = until("users on 1.0", async () => (await served()).join() === "1.0,1.0", 120_000).then(
    seconds,
  );
  await run(0, "es rollback");
  const all = seconds();
  t.diagnostic(
    `es rollback from one that dies: users were back after ${await back} s, all was done after ${all} s`,
  );
  assert.deepEqual(await served(), ["1.0", "1.0"]);
});

test("where the balancers disagree, or the other side is not as it should be, nothing is switched", async () => {
  await run(0, "es-hosts web | es-supervisor stop demo:demo_0 a");
  const unready = await run(1, "es rollback");
  assert.deepEqual(codes(unready), ["not-ready", "not-ready"], unready.report);
  assert.match(unready.stderr, /a: demo:demo_0 is STOPPED/);
  const [first] = ssh.hosts;
  const only = `es-hosts lb --limit ${first?.address}`;
  await run(0, `${only} | es-nginx-switch --to a`);
  for (const line of ["es rollback", "es --print release 2.0"]) {
    const { stdout, stderr } = await run(1, line);
    assert.equal(stdout, "");
    assert.match(stderr, /^es: balancers-disagree: the balancers disagree: .* serves a, .* serves b$/m);
  }
  await run(0, `${only} | es-nginx-switch --to b`);
  const printed = await run(0, "es --print rollback");
  assert.equal(
    printed.stdout,
    `es-hosts web | es-status a --ready --other-than=b | es-check &&
es-hosts lb | es-nginx-switch --to=a &&
es-hosts web | es-live | es-supervisor deactivate b | es-supervisor activate a
`,
  );
  assert.deepEqual(await served(), ["1.0", "1.0"]);
});
