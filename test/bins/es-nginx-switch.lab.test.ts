import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fetchPage } from "../lab/http.js";
import { type LabNginx, startNginx } from "../lab/nginx.js";
import { identity, until } from "../lab/processes.js";
import {
  bins,
  expectStatus,
  program,
  type RunOptions,
  recordsOf,
  scratch,
  underWay,
} from "../lab/program.js";
import { startSshd } from "../lab/sshd.js";
import { web } from "../lab/web.js";

const here = `${JSON.stringify({ host: "lb1", transport: "local" })}\n`;

/** A web server that answers with a text, on a free port; "/slow" gets only half an answer. */
async function serving(t: TestContext, text: string): Promise<string> {
  const origin = await web(t, (request, response) => {
    response.setHeader("content-length", text.length);
    response.setHeader("x-accel-buffering", "no");
    if (request.url === "/slow") response.write(text.slice(0, 1));
    else response.end(text);
  });
  return new URL(origin).host;
}

/** An nginx that serves "side A" from upstreamA and has an upstreamB beside it. */
async function balancer(t: TestContext): Promise<LabNginx> {
  const nginx = await startNginx({
    upstreams: { upstreamA: [await serving(t, "side A")], upstreamB: [await serving(t, "side B")] },
  });
  t.after(() => nginx.stop());
  return nginx;
}

const page = async (nginx: LabNginx) => (await fetchPage(nginx.url)).body;

async function switched(nginx: LabNginx, status: number, args: string[] = [], options: RunOptions = {}) {
  const ran = await expectStatus(
    status,
    "es-nginx-switch",
    ["--conf", nginx.conf, ...(args.length === 0 ? ["upstreamA", "upstreamB"] : args)],
    { input: here, ...options },
  );
  const [record] = recordsOf(ran.stdout);
  return { ...ran, record };
}

/**
 * Asserts that a run changes nothing: neither the files nor the workers nor what is served. Who had read a file that was
 * edited and taken back is noted beside it.
 */
async function untouched<T>(nginx: LabNginx, run: () => Promise<T>): Promise<T> {
  const folder = join(nginx.directory, "conf");
  const look = () => ({
    files: readdirSync(folder, { recursive: true, encoding: "utf8" })
      .sort()
      .filter((name) => statSync(join(folder, name)).isFile() && !name.endsWith(".essay-read"))
      .map((name) => [name, readFileSync(join(folder, name), "latin1"), statSync(join(folder, name)).mode]),
    workers: nginx.workers(),
  });
  const before = look();
  const result = await run();
  assert.deepEqual(look(), before);
  assert.equal(await page(nginx), "side A");
  return result;
}

const leftovers = (nginx: LabNginx) =>
  readdirSync(nginx.directory, { recursive: true, encoding: "utf8" }).filter((name) =>
    /essay-(?!read$)/.test(name),
  );

test("switches, serves the other side with new workers, and says so", async (t) => {
  const nginx = await balancer(t);
  const text = readFileSync(nginx.conf, "utf8");
  const workers = nginx.workers();
  assert.equal(await page(nginx), "side A");

  const { record, stderr } = await switched(nginx, 0);
  assert.equal(await page(nginx), "side B");
  assert.equal(readFileSync(nginx.conf, "utf8"), text.replace("upstreamA", "upstreamB"));
  assert.ok(nginx.workers().every((pid) => !workers.includes(pid)));
  assert.deepEqual(record.nginx, {
    conf: nginx.conf,
    from: "upstreamA",
    to: "upstreamB",
    live: "upstreamB",
  });
  assert.equal(record.trace[0].changed, true);
  assert.match(stderr, /^lb1 {2}es-nginx-switch {2}upstreamB is served \(was upstreamA, 1 place of /);
  assert.deepEqual(leftovers(nginx), []);
});

test("switched already: nothing is changed", async (t) => {
  const nginx = await balancer(t);
  await switched(nginx, 0);
  const workers = nginx.workers();
  const { record, stderr } = await switched(nginx, 0);
  assert.equal(record.trace[0].changed, false);
  assert.equal(record.nginx.live, "upstreamB");
  assert.match(stderr, /upstreamB is served already/);
  assert.deepEqual(nginx.workers(), workers);
});

// Directives in which <upstreamA> is to be replaced, and the bare name is not.
const places = `# upstreamA in a comment
log_format one 'in <upstreamA> # is no comment' "<upstreamA>'#'"; # upstreamA after a word
log_format two a#<upstreamA> \\"#x #upstreamA
               '' '{<upstreamA>}' ;
log_format three "\${host}#<upstreamA>" $\{host}#<upstreamA> '#
 <upstreamA>
 \\' <upstreamA> ' # ' upstreamA
 ;
map $host $side1 { default <upstreamA>; upstreamAB 1; }#upstreamA
map $host $side2 { AupstreamA 1; my-upstreamA 1; upstreamA-2 1; upstreamA_2 1; 2upstreamA 1;
 http://<upstreamA>/x 1; <upstreamA>.x 1; x.<upstreamA> 1; UpstreamA 1; /<upstreamA>: 1; }\r
# \xff \xe4 upstreamA\r
map $host $side3 { \xe4<upstreamA>\xff 1; }
`;

for (const tools of ["the system's tools", "busybox"])
  test(`replaces whole names outside comments, with ${tools}`, async (t) => {
    const nginx = await balancer(t);
    const text = `${readFileSync(nginx.conf, "latin1")
      .replace("http {", () => `http {\n${places}`)
      .replace(
        "extra/upstreamA.conf",
        "extra/<upstreamA>.conf",
      )}# upstreamA at the end, without a line break`;
    const as = (name: string) => Buffer.from(text.replaceAll("<upstreamA>", name), "latin1");
    writeFileSync(nginx.conf, as("upstreamA"));
    const env: NodeJS.ProcessEnv = {};
    if (tools === "busybox") {
      const directory = scratch(t);
      await expectStatus(0, "busybox", ["--install", "-s", directory]);
      env.PATH = `${directory}:${process.env.PATH}`;
    }
    const { stderr } = await switched(nginx, 0, [], { env });
    assert.equal(readFileSync(nginx.conf, "latin1"), as("upstreamB").toString("latin1"));
    assert.match(stderr, /was upstreamA, 15 places/);
    assert.equal(await page(nginx), "side B");
    await switched(nginx, 0, ["upstreamB", "upstreamA"], { env });
    assert.equal(readFileSync(nginx.conf, "latin1"), as("upstreamA").toString("latin1"));
    assert.deepEqual(leftovers(nginx), []);
  });

test("of two names that begin alike, each is itself", async (t) => {
  const nginx = await balancer(t);
  renameSync(
    join(nginx.directory, "conf/extra/upstreamB.conf"),
    join(nginx.directory, "conf/extra/upstreamA.new.conf"),
  );
  await switched(nginx, 0, ["upstreamA", "upstreamA.new"]);
  assert.equal(await page(nginx), "side B");
  await switched(nginx, 0, ["upstreamA.new", "upstreamA"]);
  assert.equal(await page(nginx), "side A");
});

test("a link stays a link; mode and owner of the file stay", async (t) => {
  const nginx = await balancer(t);
  const real = join(nginx.directory, "the real one.conf");
  renameSync(nginx.conf, real);
  symlinkSync(real, nginx.conf);
  chmodSync(real, 0o640);
  chownSync(real, 65534, 65534);
  await switched(nginx, 0);
  assert.equal(await page(nginx), "side B");
  assert.equal(readlinkSync(nginx.conf), real);
  const { mode, uid, gid } = lstatSync(real);
  assert.deepEqual([mode & 0o7777, uid, gid], [0o640, 65534, 65534]);
});

test("the file with the name may be another one, in a folder that is included whole", async (t) => {
  const nginx = await balancer(t);
  const folder = join(nginx.directory, "conf/sites");
  mkdirSync(folder);
  writeFileSync(join(folder, "side.conf"), "include extra/upstreamA.conf;\n");
  const main = readFileSync(nginx.conf, "utf8").replace("extra/upstreamA.conf", "sites/*");
  writeFileSync(nginx.conf, main);
  process.kill(nginx.pid(), "SIGHUP");
  const { record } = await switched(nginx, 0, ["--switch-conf", "sites/side.conf", "upstreamA", "upstreamB"]);
  assert.equal(await page(nginx), "side B");
  assert.equal(record.nginx.conf, join(folder, "side.conf"));
  assert.equal(readFileSync(nginx.conf, "utf8"), main);
});

test("what to switch comes from the configuration, too", async (t) => {
  const nginx = await balancer(t);
  const cwd = scratch(t);
  writeFileSync(join(cwd, "essay.toml"), `[nginx]\nbin = "/usr/sbin/nginx"\nconf = "${nginx.conf}"\n`);
  await expectStatus(0, "es-nginx-switch", ["upstreamA", "upstreamB"], { cwd, input: here });
  assert.equal(await page(nginx), "side B");
});

test("a target that is missing: the old text comes back byte for byte", async (t) => {
  const nginx = await balancer(t);
  const { record, stderr } = await untouched(nginx, () => switched(nginx, 1, ["upstreamA", "upstreamC"]));
  assert.equal(record.error.code, "nginx-test-failed");
  assert.match(record.error.stderr, /upstreamC.conf" failed \(2: No such file/);
  assert.match(record.error.message, /has its old text again; upstreamA is served$/);
  assert.match(stderr, /upstreamA is served/);
});

test("a target with a mistake: the old text comes back byte for byte", async (t) => {
  const nginx = await balancer(t);
  writeFileSync(join(nginx.directory, "conf/extra/upstreamB.conf"), "upstream essay_demo {\n");
  const { record } = await untouched(nginx, () => switched(nginx, 1));
  assert.equal(record.error.code, "nginx-test-failed");
});

test("nginx -t is content, yet nginx goes on with the old configuration: all goes back", async (t) => {
  const nginx = await balancer(t);
  const taken = await serving(t, "");
  appendFileSync(
    join(nginx.directory, "conf/extra/upstreamB.conf"),
    `server { listen ${taken}; server_name other; }\n`,
  );
  const text = readFileSync(nginx.conf, "utf8");
  const { record } = await switched(nginx, 1);
  assert.equal(record.error.code, "reload-failed");
  assert.match(record.error.stderr, /bind\(\) to .* failed/);
  assert.match(record.error.message, /has its old text again, nginx was reloaded, upstreamA is served$/);
  assert.equal(readFileSync(nginx.conf, "utf8"), text);
  assert.equal(await page(nginx), "side A");
  assert.deepEqual(leftovers(nginx), []);
});

test("a configuration with a mistake in it already is not touched", async (t) => {
  const nginx = await balancer(t);
  appendFileSync(nginx.conf, "nonsense\n");
  const { record } = await untouched(nginx, () => switched(nginx, 1));
  assert.equal(record.error.code, "nginx-test-failed");
  assert.match(record.error.message, /as it stands, before any change; upstreamA is served/);
});

test("nginx that is not running", async (t) => {
  const nginx = await balancer(t);
  const text = readFileSync(nginx.conf, "utf8");
  const running = await startNginx({ upstreams: { upstreamA: ["127.0.0.1:1"] } });
  await running.stop();
  mkdirSync(running.directory);
  t.after(() => expectStatus(0, "rm", ["-r", running.directory]));
  const conf = join(running.directory, "nginx.conf");
  // A pid file that names a process which is no nginx.
  writeFileSync(join(running.directory, "pid"), `${process.pid}\n`);
  writeFileSync(conf, `pid "${running.directory}/pid"; events {} # upstreamA\nenv upstreamA;`);
  const { record } = await switched({ ...nginx, conf }, 1);
  assert.equal(record.error.code, "nginx-not-running");
  assert.match(record.error.message, /names no master process; nothing is served/);
  assert.equal(readFileSync(nginx.conf, "utf8"), text);
});

const refusals: [what: string, code: string, message: RegExp, prepare: (nginx: LabNginx) => string[]][] = [
  ["neither name", "pattern-absent", /names neither C nor D outside comments$/, () => ["C", "D"]],
  [
    "names in comments only",
    "pattern-absent",
    /neither/,
    (nginx) => {
      appendFileSync(nginx.conf, "# sideX\n;# sideY");
      return ["sideX", "sideY"];
    },
  ],
  [
    "both names",
    "both-sides",
    /names both upstreamA \(1 times\) and essay_demo \(1 times\)/,
    () => ["upstreamA", "essay_demo"],
  ],
  [
    "a file that is missing",
    "conf-missing",
    /there is no file .*conf\/nowhere.conf/,
    () => ["--switch-conf", "nowhere.conf", "upstreamA", "upstreamB"],
  ],
  [
    "a link to nowhere",
    "conf-missing",
    /there is no file .*conf\/extra\/link.conf/,
    (nginx) => {
      symlinkSync("nowhere", join(nginx.directory, "conf/extra/link.conf"));
      return ["--switch-conf", "extra/link.conf", "upstreamA", "upstreamB"];
    },
  ],
  [
    "a file that nginx does not read",
    "not-included",
    /is no part of what nginx reads from /,
    (nginx) => {
      writeFileSync(join(nginx.directory, "conf/other.conf"), "include extra/upstreamA.conf;\n");
      return ["--switch-conf", "other.conf", "upstreamA", "upstreamB"];
    },
  ],
  [
    "a program that is not there",
    "nginx-missing",
    /there is no program \$\(touch x\); name it with --bin/,
    () => ["--bin", "$(touch x)", "upstreamA", "upstreamB"],
  ],
];
for (const [what, code, message, prepare] of refusals)
  test(`refuses ${what}`, async (t) => {
    const nginx = await balancer(t);
    const args = prepare(nginx);
    if (what === "a link to nowhere") {
      const { record } = await switched(nginx, 1, args);
      assert.equal(record.error.code, code);
      assert.match(record.error.message, message);
      return;
    }
    const { record } = await untouched(nginx, () => switched(nginx, 1, args));
    assert.equal(record.error.code, code);
    assert.match(record.error.message, message);
  });

test("an account that may not do it is told so", async (t) => {
  const nginx = await balancer(t);
  chmodSync(nginx.directory, 0o755);
  const input = here.replace("}", ',"become":"nobody"}');
  const { record } = await untouched(nginx, () => switched(nginx, 1, [], { input }));
  assert.equal(record.error.code, "permission-denied");
  assert.match(record.error.message, /^nobody may not write .*see "become"; upstreamA is served$/);
});

test("a dry run says what would be done and does nothing", async (t) => {
  const nginx = await balancer(t);
  const { record, stderr } = await untouched(nginx, () =>
    switched(nginx, 0, ["--dry-run", "upstreamA", "upstreamB"]),
  );
  assert.equal(record.nginx.live, "upstreamA");
  assert.equal(record.trace[0].changed, true);
  assert.match(stderr, /would put upstreamB in 1 place of .* and reload; upstreamA is served/);
  const planned = here.replace("}", ',"plan":true}');
  await untouched(nginx, () => switched(nginx, 0, [], { input: planned }));
});

test("wrong names are wrong usage", async () => {
  for (const args of [["a;b", "c"], ["a", "$(x)"], ["-a", "b"], ["a/b", "c"], ["a", "a"], ["a"], ["a", ""]]) {
    const { stderr, stdout } = await expectStatus(2, "es-nginx-switch", args, { input: here });
    assert.equal(stdout, "");
    assert.match(stderr, /^es-nginx-switch: /);
  }
  const others = [
    ["--conf", "nginx.conf", "a", "b"],
    [],
    ["a", "b", "--to", "b"],
    ["--recover", "--confirm-now"],
    ["--recover", "--probe", "http://127.0.0.1/"],
    ["a", "b", "--expect", "text"],
    ["a", "b", "--probe", "/version"],
    ["a", "b", "--confirm", "0"],
    ["a", "b", "--confirm", "5", "--wait-drain"],
    ["--to", "b"],
  ];
  for (const args of others) await expectStatus(2, "es-nginx-switch", args, { input: here });
});

test("a record that came in failed: nothing is touched", async (t) => {
  const nginx = await balancer(t);
  const failed = `${JSON.stringify({ host: "lb2", error: { step: "x", code: "y", message: "z" } })}\n`;
  const { stdout } = await untouched(nginx, () => switched(nginx, 1, [], { input: here + failed }));
  const [first, second] = recordsOf(stdout);
  assert.equal(first.error.code, "not-attempted");
  assert.equal(`${JSON.stringify(second)}\n`, failed);
});

test("a host that came twice is switched once", async (t) => {
  const nginx = await balancer(t);
  const { stdout } = await switched(nginx, 0, [], { input: here + here });
  assert.deepEqual(
    recordsOf(stdout).map((record) => record.nginx.live),
    ["upstreamB", "upstreamB"],
  );
  assert.equal(await page(nginx), "side B");
});

test("a text from before without a note says nothing", async (t) => {
  const nginx = await balancer(t);
  // As it is when a run is killed before it has written the note.
  writeFileSync(join(nginx.directory, "conf/.nginx.conf.essay-before"), "half of");
  await switched(nginx, 0);
  assert.equal(await page(nginx), "side B");
  assert.deepEqual(leftovers(nginx), []);
});

test("sides by name, seen through nginx, and the old workers gone", async (t) => {
  const nginx = await balancer(t);
  const cwd = scratch(t);
  const essay = `[nginx]\nconf = "${nginx.conf}"\nsides = { a = "upstreamA", b = "upstreamB" }\n`;
  writeFileSync(join(cwd, "essay.toml"), essay);
  const to = (status: number, ...args: string[]) =>
    expectStatus(status, "es-nginx-switch", ["--to", ...args], { cwd, input: here });

  const text = readFileSync(nginx.conf, "utf8");
  const wrong = await to(1, "b", "--probe", nginx.url, "--expect", "side C");
  const [{ error }] = recordsOf(wrong.stdout);
  assert.equal(error.code, "probe-failed");
  assert.match(error.message, /does not contain side C: side B; .* nginx was reloaded, upstreamA is served$/);
  assert.equal(readFileSync(nginx.conf, "utf8"), text);
  assert.equal(await page(nginx), "side A");

  const [response] = await once(get(`${nginx.url}slow`), "response");
  response.on("error", () => {});
  response.resume();
  const [old] = nginx.workers();
  const args = ["--to", "b", "--probe", nginx.url, "--expect", "side B", "--wait-drain"];
  const run = underWay(t, "es-nginx-switch", ["--config", join(cwd, "essay.toml"), ...args]);
  run.child.stdin.end(here);
  await until("the other side", async () => (await page(nginx)) === "side B");
  assert.ok(identity(old as number), "the old worker should still be there");
  assert.equal(run.child.exitCode, null, run.seen.stderr);
  response.destroy();
  const [status] = await run.closed;
  assert.equal(status, 0, run.seen.stderr);
  assert.equal(identity(old as number), undefined);

  const back = await to(0, "a");
  assert.equal(recordsOf(back.stdout)[0].nginx.live, "upstreamA");
  await to(2, "c");
});

test("a file that was edited by hand and never read is read", async (t) => {
  const nginx = await balancer(t);
  // When a worker began is known to some hundredths of a second.
  await pause(300);
  writeFileSync(nginx.conf, readFileSync(nginx.conf, "utf8").replace("upstreamA", "upstreamB"));
  // As of a copy that keeps its time.
  utimesSync(nginx.conf, 0, 0);
  const { stderr } = await switched(nginx, 0, ["--dry-run", "upstreamA", "upstreamB"]);
  assert.match(stderr, /would reload; .* names upstreamB, but nginx may not have read it/);
  assert.equal(await page(nginx), "side A");
  const { record } = await switched(nginx, 0);
  assert.equal(record.trace[0].changed, true);
  assert.equal(await page(nginx), "side B");
});

/** A program in the place of nginx, which does something of its own before. */
function instead(t: TestContext, script: string): string {
  const file = join(scratch(t), "nginx");
  writeFileSync(file, `#!/bin/sh\n${script}\nexec /usr/sbin/nginx "$@"\n`, { mode: 0o755 });
  return file;
}

test("a file that someone else edits meanwhile is left to them", async (t) => {
  const nginx = await balancer(t);
  const looked = join(scratch(t), "looked");
  const bin = instead(
    t,
    `case $* in *-T) >${looked} ;; -V) if [ -e ${looked} ]; then echo "# mine" >>${nginx.conf}; fi ;; esac`,
  );
  const text = readFileSync(nginx.conf, "utf8");
  const { record } = await switched(nginx, 1, ["--bin", bin, "upstreamA", "upstreamB"]);
  assert.equal(record.error.code, "conf-changed");
  const now = readFileSync(nginx.conf, "utf8");
  assert.equal(now.replaceAll("# mine\n", ""), text);
  assert.notEqual(now, text);
  assert.equal(await page(nginx), "side A");
});

test("cancelled in the middle, it goes back and dies by the signal", async (t) => {
  const nginx = await balancer(t);
  const text = readFileSync(nginx.conf, "utf8");
  const began = join(scratch(t), "began");
  const bin = instead(t, `case $* in *-t) >${began}; sleep 60 ;; esac`);
  const child = spawn(
    process.execPath,
    [join(bins, "es-nginx-switch"), "--conf", nginx.conf, "--bin", bin, "upstreamA", "upstreamB"],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  let stdout = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stdin.end(here);
  await until("the edit", () => existsSync(began));
  assert.notEqual(readFileSync(nginx.conf, "utf8"), text);
  child.kill("SIGTERM");
  const [, signal] = await once(child, "close");
  assert.equal(signal, "SIGTERM");
  const [record] = recordsOf(stdout);
  assert.equal(record.error.code, "cancelled");
  assert.match(record.error.message, /has its old text again, upstreamA is served$/);
  assert.equal(readFileSync(nginx.conf, "utf8"), text);
  assert.equal(await page(nginx), "side A");
  assert.deepEqual(leftovers(nginx), []);
});

test("switches back while old workers still answer", async (t) => {
  const nginx = await balancer(t);
  const [old] = nginx.workers();
  const started = once(get(`${nginx.url}slow`), "response");
  const [response] = await started;
  response.on("error", () => {});
  response.resume();
  await switched(nginx, 0);
  await switched(nginx, 0, ["upstreamB", "upstreamA"]);
  assert.equal(await page(nginx), "side A");
  assert.ok(identity(old as number), "the old worker should still be there");
  const { record } = await switched(nginx, 0, ["upstreamB", "upstreamA"]);
  assert.equal(record.trace[0].changed, false);
  response.destroy();
});

test("two balancers by ssh: all or none", async (t) => {
  const lab = await startSshd({ hosts: 2 });
  t.after(() => lab.stop());
  const upstreams = { upstreamA: [await serving(t, "side A")], upstreamB: [await serving(t, "side B")] };
  const balancers: LabNginx[] = [];
  for (const user of lab.hosts) {
    // It ends with the lab, as all that runs as a user of it.
    balancers.push(await startNginx({ upstreams, user, directory: join(user.home, "nginx") }));
  }
  const pages = () => Promise.all(balancers.map(page));
  const broken = join(lab.hosts[1]?.home ?? "", "nginx/conf/extra/upstreamB.conf");
  const sound = readFileSync(broken, "utf8");
  const input = lab.hosts
    .map(({ address, user, port }) => `${JSON.stringify({ host: address, user, port })}\n`)
    .join("");
  const args = ["--ssh-config", lab.sshConfig, "--conf", "~/nginx/conf/nginx.conf", "upstreamA", "upstreamB"];
  const workers = () => balancers.map((nginx) => nginx.workers());

  // One fails its test, and the other one is not reloaded.
  const before = workers();
  writeFileSync(broken, "upstream essay_demo {\n");
  const failed = await expectStatus(1, "es-nginx-switch", args, { input });
  assert.deepEqual(await pages(), ["side A", "side A"], failed.report);
  assert.deepEqual(workers(), before);
  const codes = recordsOf(failed.stdout).map(({ error }) => error.code);
  assert.deepEqual(codes, ["undone", "nginx-test-failed"], failed.report);

  // One passes its test and is not taken, after the other one may have served the new side.
  const taken = `server { listen ${upstreams.upstreamA[0]}; server_name other; }\n`;
  writeFileSync(broken, `${sound}${taken}`);
  const refused = await expectStatus(1, "es-nginx-switch", args, { input });
  assert.deepEqual(await pages(), ["side A", "side A"], refused.report);
  assert.deepEqual(
    recordsOf(refused.stdout).map(({ error }) => error.code),
    ["undone", "reload-failed"],
    refused.report,
  );
  const { message } = recordsOf(refused.stdout)[0].error;
  assert.match(message, /^switched back because .* failed \(reload-failed\); .* upstreamA is served$/);

  writeFileSync(broken, sound);
  const done = await expectStatus(0, "es-nginx-switch", args, { input });
  assert.deepEqual(await pages(), ["side B", "side B"], done.report);
  for (const nginx of balancers) assert.deepEqual(leftovers(nginx), []);
});

test("an nginx of another account, by become", async (t) => {
  const lab = await startSshd({ hosts: 1, become: true });
  t.after(() => lab.stop());
  const { app, sshConfig } = lab;
  const [login] = lab.hosts;
  assert.ok(app && login);
  const upstreams = { upstreamA: [await serving(t, "side A")], upstreamB: [await serving(t, "side B")] };
  const nginx = await startNginx({ upstreams, user: app, directory: join(app.home, "nginx") });
  const record = { host: login.address, user: login.user, port: login.port };
  const args = ["--ssh-config", sshConfig, "--conf", nginx.conf, "upstreamA", "upstreamB"];

  const refused = await expectStatus(1, "es-nginx-switch", args, { input: `${JSON.stringify(record)}\n` });
  assert.equal(recordsOf(refused.stdout)[0].error.code, "conf-missing", refused.report);
  const input = `${JSON.stringify({ ...record, become: app.name })}\n`;
  const done = await expectStatus(0, "es-nginx-switch", args, { input });
  assert.equal(await page(nginx), "side B", done.report);
  assert.equal(statSync(nginx.conf).uid, app.uid);
});

test("no records: nothing to do is no success", async () => {
  const { stderr } = await program("es-nginx-switch", ["a", "b"]);
  assert.match(stderr, /nothing to do/);
});
