// What three balancers come to when a switch is cut short, at each of its points, with and without confirmation; and when
// one of them is not as it should be.

import assert from "node:assert/strict";
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  allBack,
  type Balanced,
  balanced,
  goneBack,
  leftovers,
  letTimeGoBy,
  type Point,
  pages,
  points,
  recordsFor,
  stopAt,
  switching,
  users,
} from "../lab/balanced.js";
import { until } from "../lab/processes.js";
import { expectStatus, pathWithBins, type Ran, recordsOf, underWay } from "../lab/program.js";

const codesOf = ({ stdout }: Ran) => recordsOf(stdout).map(({ error }) => error?.code);

/** What leads es-live to some of the balancers. */
const liveFlags = ({ flags, hosts }: Balanced, places: readonly number[] = [0, 1, 2]) => [
  ...flags,
  ...["--side", "a=upstreamA", "--side", "b=upstreamB"],
  ...places.flatMap((place) => ["--balancers", hosts[place]?.entry ?? ""]),
];

test("kill -9 of the control machine's side at each point", async (t) => {
  const lab = await balanced(t);
  const { input, flags, hosts } = lab;
  const [, , , betweenReloads] = points as [Point, Point, Point, Point];
  const stop = users(t, lab);
  /** Comes to a point, and dies. */
  const killedAt = async (point: Point, more: readonly string[] = []) => {
    const { child, closed } = await switching(t, lab, point, more);
    child.kill("SIGKILL");
    await closed;
  };

  for (const point of points)
    await t.test(`${point.what}: --recover takes all back`, async () => {
      await killedAt(point);
      const args = [...flags, "--wait", "30", "--recover"];
      const ran = await expectStatus(0, "es-nginx-switch", args, { input });
      await allBack(lab, ran.report);
      const touched = point.what !== "before the edit";
      for (const record of recordsOf(ran.stdout)) {
        assert.equal(record.trace[0].changed, touched, ran.report);
        assert.equal(record.nginx?.live, touched ? "upstreamA" : undefined, ran.report);
      }
    });

  await t.test("the next run ends it, too; without one of the balancers it touches nothing", async () => {
    await killedAt(betweenReloads);
    const names = ["upstreamA", "upstreamB"];
    const two = input.split("\n").slice(0, 2).join("\n");
    const less = await expectStatus(1, "es-nginx-switch", [...flags, "--wait", "30", ...names], {
      input: two,
    });
    assert.deepEqual(codesOf(less), ["cut-short", "cut-short"], less.report);
    assert.equal((await pages(lab)).join(""), "BBA");

    // Until then nobody can tell what is to be served, and nobody has it read by nginx.
    const reload = await expectStatus(1, "es-nginx", [...flags, "reload"], { input });
    assert.deepEqual(codesOf(reload), ["cut-short", "cut-short", "cut-short"], reload.report);
    const live = await expectStatus(1, "es-live", ["--print", ...liveFlags(lab)]);
    assert.match(live.stderr, /^es-live: cut-short: .* was cut short: run es-nginx-switch --recover/);
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
    await allBack(lab, "again");
  });

  for (const point of points.slice(1))
    await t.test(`${point.what}, with --confirm: all go back by themselves`, async () => {
      // The last one in the time that it takes.
      const inTime = point === betweenReloads;
      await killedAt(point, ["--confirm", inTime ? "5" : "60"]);
      if (!inTime) letTimeGoBy(lab);
      await goneBack(lab, point.what);
    });

  await t.test("a control machine that is heard of no more, and comes back later", async () => {
    const { child, closed, seen } = await switching(t, lab, betweenReloads, ["--confirm", "5"]);
    child.kill("SIGSTOP");
    // The third one's script is held up, and what it has begun comes to its end before it is taken back.
    await until("the first two to go back", async () => (await pages(lab)).join("") === "AAA", 40_000);
    stopAt(lab, [], "");
    child.kill("SIGCONT");
    const [status] = await closed;
    assert.equal(status, 1, seen.stderr);
    await goneBack(lab, seen.stderr);
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
  const env = { PATH: pathWithBins };
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
  const live = await expectStatus(1, "es-live", ["--print", ...liveFlags(lab)]);
  assert.match(
    live.stderr,
    /^es-live: unconfirmed: .* waits for confirmation, and goes back by itself in \d+ s/,
  );
  const reload = await expectStatus(1, "es-nginx", [...flags, "reload"], { input });
  assert.deepEqual(codesOf(reload), ["unconfirmed", "unconfirmed", "unconfirmed"], reload.report);
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
  stopAt(lab, [2], "pause-t-1");
  const other = underWay(t, "es-nginx-switch", [...flags, "--bin", bin, ...names]);
  other.child.stdin.end(`${JSON.stringify(records[2])}\n`);
  await until("the other run", () => existsSync(join(hosts[2]?.home ?? "", "paused")));
  const site = join(all[1]?.directory ?? "", "conf/extra/essay_demo.conf");
  appendFileSync(site, "nonsense\n");
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
  assert.deepEqual(codesOf(ran), ["refused", "nginx-test-failed", "locked"], ran.report);
  const errors = recordsOf(ran.stdout).map(({ error }) => error);
  assert.match(errors[1].message, /as it stands, before any change; upstreamA is served$/);
  assert.match(errors[2].message, /is locked by .*@.*: es-nginx-switch .*\(since 20/);
  // Nor is it stopped, started or reloaded meanwhile.
  for (const verb of ["reload", "stop", "start"]) {
    const control = await expectStatus(1, "es-nginx", [...flags, verb], {
      input: recordsFor(hosts.slice(2)),
    });
    assert.deepEqual(codesOf(control), ["locked"], control.report);
  }
  const live = await expectStatus(1, "es-live", ["--print", ...liveFlags(lab, [2])]);
  assert.match(live.stderr, /^es-live: locked: .*a switch of .* to upstreamB \(.*\) is under way/);
  assert.deepEqual(state(), before);
  other.child.kill("SIGTERM");
  await other.closed;

  // Somebody edits one between the look and the edit.
  writeFileSync(site, readFileSync(site, "utf8").replace("nonsense\n", ""));
  stopAt(lab, [1], "edit");
  const workers = all.map((nginx) => nginx.workers());
  const edited = await expectStatus(1, "es-nginx-switch", [...flags, "--bin", bin, ...names], { input });
  assert.deepEqual(codesOf(edited), ["undone", "conf-changed", "undone"], edited.report);
  assert.equal((await pages(lab)).join(""), "AAA");
  assert.deepEqual(
    all.map((nginx) => nginx.workers()),
    workers,
  );
  assert.match(readFileSync(all[1]?.conf ?? "", "utf8"), /upstreamA[\s\S]*# mine\n$/);
  assert.deepEqual(leftovers(lab), []);
  // Those that were edited and taken back are younger than their workers, and yet known.
  const print = (...places: number[]) => ["--print", ...liveFlags(lab, places)];
  assert.equal((await expectStatus(0, "es-live", print(0, 2))).stdout, "a\n");
  assert.match((await expectStatus(1, "es-live", print(1))).stderr, /^es-live: not-loaded: /);
});
