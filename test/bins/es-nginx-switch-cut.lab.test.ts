// What three balancers come to when a switch is cut short, at each of its points, with and without confirmation; and when
// one of them is not as it should be.

import assert from "node:assert/strict";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fetchPage } from "../lab/http.js";
import { type LabNginx, startNginx } from "../lab/nginx.js";
import { commandLine, processesOf, until } from "../lab/processes.js";
import { bins, expectStatus, recordsOf, underWay } from "../lab/program.js";
import { type LabHost, startSshd } from "../lab/sshd.js";

/** In the place of nginx: stops where the home has a file pause-KIND-NUMBER; -t is of kind t, -T of kind T. */
const stoppable = `#!/bin/sh
case $* in
    *-t) kind=t ;;
    *-T) kind=T ;;
    *)
        if [ -e "$HOME/edit" ] && [ -e "$HOME/asked-T" ]; then
            rm "$HOME/edit"
            echo "# mine" >>"$HOME/nginx/conf/nginx.conf"
        fi
        exec /usr/sbin/nginx "$@"
        ;;
esac
echo >>"$HOME/asked-$kind"
pause=$HOME/pause-$kind-$(wc -l <"$HOME/asked-$kind")
[ ! -e "$pause" ] || : >"$HOME/paused"
while [ -e "$pause" ]; do sleep 0.1; done
exec /usr/sbin/nginx "$@"
`;

async function serving(t: TestContext, text: string): Promise<string> {
  const server = createServer((_, response) => response.end(text)).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Balanced {
  hosts: LabHost[];
  all: LabNginx[];
  input: string;
  /** Flags that lead there. */
  flags: string[];
  /** The program that stops where a test wants it to. */
  bin: string;
}

/** Three balancers, each a host with an account of its own. */
async function balanced(t: TestContext): Promise<Balanced> {
  const lab = await startSshd({ hosts: 3 });
  t.after(() => lab.stop());
  const upstreams = { upstreamA: [await serving(t, "side A")], upstreamB: [await serving(t, "side B")] };
  const all: LabNginx[] = [];
  for (const user of lab.hosts)
    all.push(await startNginx({ upstreams, user, directory: join(user.home, "nginx") }));
  mkdirSync(join(lab.directory, "bin"), { mode: 0o755 });
  const bin = join(lab.directory, "bin/nginx");
  writeFileSync(bin, stoppable, { mode: 0o755 });
  const input = lab.hosts
    .map(({ address, user, port }) => `${JSON.stringify({ host: address, user, port })}\n`)
    .join("");
  const flags = ["--ssh-config", lab.sshConfig, "--conf", "~/nginx/conf/nginx.conf"];
  return { hosts: lab.hosts, all, input, flags, bin };
}

const pages = ({ all }: Balanced) =>
  Promise.all(all.map(async (nginx) => (await fetchPage(nginx.url)).body.replace("side ", "")));

const texts = ({ all }: Balanced) => all.map(({ conf }) => readFileSync(conf, "utf8"));

/** What is beside the files, and the processes that would switch back. */
const leftovers = ({ all, hosts }: Balanced) => [
  ...all.flatMap(({ directory }) =>
    readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => /essay-/.test(name)),
  ),
  ...hosts.flatMap(({ uid }) => processesOf(uid).map(commandLine)).filter((line) => /essay-guard/.test(line)),
];

function stopAt(lab: Balanced, places: readonly number[], what: string): void {
  for (const [place, { home }] of lab.hosts.entries()) {
    for (const name of readdirSync(home))
      if (/^(asked|pause|paused|edit)/.test(name)) rmSync(join(home, name));
    if (places.includes(place)) writeFileSync(join(home, what), "");
  }
}

/** Users of all balancers: whoever gets anything but one of the two sides is counted. */
function users(t: TestContext, { all }: Balanced): () => Promise<void> {
  let over = false;
  let served = 0;
  const wrong: string[] = [];
  const one = async ({ url }: LabNginx) => {
    while (!over) {
      const said = await fetchPage(url).catch((error: Error) => ({ status: 0, body: error.message }));
      if (said.status === 200 && /^side [AB]$/.test(said.body)) served++;
      else wrong.push(`${said.status} ${said.body}`);
      await pause(50);
    }
  };
  const going = all.map(one);
  t.after(() => {
    over = true;
  });
  return async () => {
    over = true;
    await Promise.all(going);
    assert.deepEqual(wrong, []);
    assert.ok(served > 10, `only ${served} were served`);
  };
}

/** Lets the time for confirming be over. */
function letTimeGoBy({ all }: Balanced): void {
  for (const { directory } of all) {
    const note = join(directory, "conf/.nginx.conf.essay-switch");
    if (existsSync(note)) appendFileSync(note, "until 0\n");
  }
}

const points: [what: string, places: readonly number[], pause: string, pagesThen: string][] = [
  ["before the edit", [2], "pause-T-1", "AAA"],
  ["after the edit", [1], "pause-t-1", "AAA"],
  ["after the test", [0, 1, 2], "pause-T-2", "AAA"],
  ["between reloads", [2], "pause-T-2", "BBA"],
];

test("kill -9 of the control machine's side at each point", async (t) => {
  const lab = await balanced(t);
  const { input, flags, bin, hosts } = lab;
  const before = texts(lab);
  const stop = users(t, lab);

  /** A switch to B that has come to this point. */
  const switching = async (places: readonly number[], what: string, then: string, more: string[] = []) => {
    stopAt(lab, places, what);
    const run = underWay(t, "es-nginx-switch", [...flags, "--bin", bin, ...more, "upstreamA", "upstreamB"]);
    run.child.stdin.end(input);
    const paused = () => places.every((place) => existsSync(join(hosts[place]?.home ?? "", "paused")));
    await until(`${what} ${run.seen.stderr}`, paused);
    // The others have come as far as they come.
    await until(`pages ${then}`, async () => (await pages(lab)).join("") === then);
    return run;
  };
  const allBack = async (what: string) => {
    assert.equal((await pages(lab)).join(""), "AAA", what);
    assert.deepEqual(texts(lab), before, what);
    assert.deepEqual(leftovers(lab), [], what);
  };

  for (const [what, places, file, then] of points)
    await t.test(`${what}: --recover takes all back`, async () => {
      const { child, closed } = await switching(places, file, then);
      child.kill("SIGKILL");
      await closed;
      const ran = await expectStatus(0, "es-nginx-switch", [...flags, "--wait", "30", "--recover"], {
        input,
      });
      await allBack(ran.report);
      const touched = what !== "before the edit";
      for (const record of recordsOf(ran.stdout)) {
        assert.equal(record.trace[0].changed, touched, ran.report);
        assert.equal(record.nginx?.live, touched ? "upstreamA" : undefined, ran.report);
      }
    });

  await t.test("the next run ends it, too; without one of the balancers it touches nothing", async () => {
    const { child, closed } = await switching([2], "pause-T-2", "BBA");
    child.kill("SIGKILL");
    await closed;
    const names = ["upstreamA", "upstreamB"];
    const two = input.split("\n").slice(0, 2).join("\n");
    const less = await expectStatus(1, "es-nginx-switch", [...flags, "--wait", "30", ...names], {
      input: two,
    });
    assert.deepEqual(
      recordsOf(less.stdout).map(({ error }) => error.code),
      ["cut-short", "cut-short"],
      less.report,
    );
    assert.equal((await pages(lab)).join(""), "BBA");

    // Text that is neither the one before nor the one after is somebody's work.
    const conf = lab.all[0]?.conf ?? "";
    appendFileSync(conf, "# mine\n");
    const mine = await expectStatus(1, "es-nginx-switch", [...flags, "--recover"], { input });
    assert.equal(recordsOf(mine.stdout)[0].error.code, "conf-changed", mine.report);
    assert.match(readFileSync(conf, "utf8"), /upstreamB[\s\S]*# mine\n$/);
    writeFileSync(conf, readFileSync(conf, "utf8").replace("# mine\n", ""));

    const ran = await expectStatus(0, "es-nginx-switch", [...flags, ...names], { input });
    assert.equal((await pages(lab)).join(""), "BBB", ran.report);
    assert.deepEqual(leftovers(lab), []);
    await expectStatus(0, "es-nginx-switch", [...flags, "upstreamB", "upstreamA"], { input });
    await allBack("again");
  });

  for (const [what, places, file, then] of points.slice(1))
    await t.test(`${what}, with --confirm: all go back by themselves`, async () => {
      const { child, closed } = await switching(places, file, then, ["--confirm", "60"]);
      child.kill("SIGKILL");
      await closed;
      letTimeGoBy(lab);
      await until("all to go back", () => leftovers(lab).length === 0, 40_000);
      await allBack(what);
    });

  await t.test("a control machine that is heard of no more, and comes back later", async () => {
    const { child, closed, seen } = await switching([2], "pause-T-2", "BBA", ["--confirm", "5"]);
    child.kill("SIGSTOP");
    // The third one's script is held up, and what it has begun comes to its end before it is taken back.
    await until("the first two to go back", async () => (await pages(lab)).join("") === "AAA", 40_000);
    stopAt(lab, [], "");
    child.kill("SIGCONT");
    const [status] = await closed;
    assert.equal(status, 1, seen.stderr);
    await until("all to go back", () => leftovers(lab).length === 0, 40_000);
    await allBack(seen.stderr);
    const history = hosts.map(({ home }) => readFileSync(join(home, ".essay/history.jsonl"), "utf8"));
    for (const lines of history) assert.match(lines, /nobody confirmed the switch to upstreamB in time/);
  });
  await stop();
});

test("confirming: in time, too late, not at all", async (t) => {
  const lab = await balanced(t);
  const { input, flags } = lab;
  const names = ["upstreamA", "upstreamB"];
  const stop = users(t, lab);

  // In a session, whose end is none of the guards'.
  const switching = ["es-nginx-switch", ...flags, "--confirm", "60", ...names];
  const env = { PATH: `${bins}:${process.env.PATH}` };
  const done = await expectStatus(0, "es-session", switching, { input, env });
  assert.equal((await pages(lab)).join(""), "BBB", done.report);
  assert.match(
    done.stderr,
    /upstreamB is served \(.*\); upstreamA comes back in 60 s unless es-nginx-switch --confirm-now/,
  );

  // Nobody else switches meanwhile, and it needs all of them.
  const other = await expectStatus(1, "es-nginx-switch", [...flags, "upstreamB", "upstreamA"], { input });
  assert.equal(recordsOf(other.stdout)[0].error.code, "unconfirmed", other.report);
  const [first = ""] = input.split("\n");
  const one = await expectStatus(1, "es-nginx-switch", [...flags, "--confirm-now"], { input: first });
  assert.equal(recordsOf(one.stdout)[0].error.code, "nothing-to-confirm", one.report);
  assert.equal((await pages(lab)).join(""), "BBB");

  // As the end of the pipeline that checks.
  const kept = await expectStatus(0, "es-nginx-switch", [...flags, "--confirm-now"], { input: done.stdout });
  assert.deepEqual(
    recordsOf(kept.stdout).map(({ nginx }) => nginx.live),
    ["upstreamB", "upstreamB", "upstreamB"],
  );
  await until("the end of the guards", () => leftovers(lab).length === 0);
  assert.equal((await pages(lab)).join(""), "BBB");

  await expectStatus(0, "es-nginx-switch", [...flags, "--confirm", "60", "upstreamB", "upstreamA"], {
    input,
  });
  assert.equal((await pages(lab)).join(""), "AAA");
  letTimeGoBy(lab);
  await until("the end of the guards", () => leftovers(lab).length === 0);
  assert.equal((await pages(lab)).join(""), "BBB");
  const late = await expectStatus(1, "es-nginx-switch", [...flags, "--confirm-now"], { input });
  assert.equal(recordsOf(late.stdout)[2].error.code, "nothing-to-confirm", late.report);

  await expectStatus(0, "es-nginx-switch", [...flags, "--confirm", "60", "upstreamB", "upstreamA"], {
    input,
  });
  const back = await expectStatus(0, "es-nginx-switch", [...flags, "--recover"], { input });
  assert.equal((await pages(lab)).join(""), "BBB", back.report);
  await until("the end of the guards", () => leftovers(lab).length === 0);
  await stop();
});

test("one unreachable, one with a fault elsewhere, one that another run has: nothing is touched", async (t) => {
  const lab = await balanced(t);
  const { hosts, all, flags, bin, input } = lab;
  const names = ["upstreamA", "upstreamB"];
  const records = input
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

  // Another run is midway on the third.
  stopAt(lab, [2], "pause-T-1");
  const other = underWay(t, "es-nginx-switch", [...flags, "--bin", bin, ...names]);
  other.child.stdin.end(`${JSON.stringify(records[2])}\n`);
  await until("the other run", () => existsSync(join(hosts[2]?.home ?? "", "paused")));
  appendFileSync(join(all[1]?.directory ?? "", "conf/extra/essay_demo.conf"), "nonsense\n");
  const state = () => ({
    files: all.map(({ directory }) =>
      readdirSync(join(directory, "conf"), { recursive: true, encoding: "utf8" })
        .filter((name) => !name.endsWith(".essay-lock") && statSync(join(directory, "conf", name)).isFile())
        .sort()
        .map((name) => [name, readFileSync(join(directory, "conf", name), "utf8")]),
    ),
    workers: all.map((nginx) => nginx.workers()),
  });
  const before = state();
  const ran = await expectStatus(1, "es-nginx-switch", [...flags, ...names], {
    input: [{ ...records[0], port: 1 }, ...records.slice(1)]
      .map((one) => `${JSON.stringify(one)}\n`)
      .join(""),
  });
  const errors = recordsOf(ran.stdout).map(({ error }) => error);
  assert.deepEqual(
    errors.map(({ code }) => code),
    ["refused", "nginx-test-failed", "locked"],
    ran.report,
  );
  assert.match(errors[1].message, /as it stands, before any change; upstreamA is served$/);
  assert.match(errors[2].message, /is being switched by .*@.*: es-nginx-switch .*\(since 20/);
  assert.deepEqual(state(), before);
  other.child.kill("SIGTERM");
  await other.closed;

  // Somebody edits one between the look and the edit.
  writeFileSync(
    join(all[1]?.directory ?? "", "conf/extra/essay_demo.conf"),
    readFileSync(join(all[1]?.directory ?? "", "conf/extra/essay_demo.conf"), "utf8").replace(
      "nonsense\n",
      "",
    ),
  );
  stopAt(lab, [1], "edit");
  const workers = all.map((nginx) => nginx.workers());
  const edited = await expectStatus(1, "es-nginx-switch", [...flags, "--bin", bin, ...names], { input });
  assert.deepEqual(
    recordsOf(edited.stdout).map(({ error }) => error.code),
    ["undone", "conf-changed", "undone"],
    edited.report,
  );
  assert.equal((await pages(lab)).join(""), "AAA");
  assert.deepEqual(
    all.map((nginx) => nginx.workers()),
    workers,
  );
  assert.match(texts(lab)[1] ?? "", /upstreamA[\s\S]*# mine\n$/);
  assert.deepEqual(leftovers(lab), []);
});
