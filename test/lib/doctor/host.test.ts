import assert from "node:assert/strict";
import { test } from "node:test";
import type { VenvStatus } from "../../../lib/base/schema.js";
import { hostFindings, skew, unreached, venvFindings } from "../../../lib/doctor/host.js";

const well = {
  ...{ time: "1000", account: "ann", python: "3.11.2 1 /usr/bin/python3", prefix: "/srv/x" },
  ...{ "prefix-state": "there", free: "9000000", tmp: "/tmp", "tmp-free": "9000000" },
};

/** "VERDICT CHECK FOUND" of what such a host says. */
function found(said: Record<string, string | undefined>, files: string[] = []): string[] {
  const all = { ...well, ...said };
  const told = { get: (name: string) => all[name as keyof typeof all], all: () => files };
  return hostFindings("web1", told, 1_000_000, 1_000_400).map(
    ({ verdict, check, found }) => `${verdict} ${check} ${found}`,
  );
}

test("a host that is well", () => {
  assert.deepEqual(found({}), [
    "ok reach as ann",
    "ok clock as here",
    "ok python 3.11.2 (/usr/bin/python3), with venv",
    "ok prefix /srv/x, ann can write there",
    "ok disk 8789 MB free for /srv/x",
    "ok tmp 8789 MB free for /tmp",
  ]);
});

test("what is wrong with a host, one thing at a time", () => {
  for (const [said, line] of [
    [{ time: "1041" }, "wrong clock 40 s ahead of this machine"],
    [{ time: "900" }, "wrong clock 100 s behind this machine"],
    [{ python: "-" }, "wrong python there is no python3"],
    [{ python: "3.7.3 1 /usr/bin/python3" }, "wrong python 3.7.3 (/usr/bin/python3) is too old"],
    [
      { python: "3.9.2 0 /usr/bin/python3" },
      "wrong venv /usr/bin/python3 cannot make virtualenvs: it has no module venv",
    ],
    [{ "prefix-state": "to-be-made" }, "ok prefix /srv/x is not there yet, and ann can make it"],
    [{ "prefix-state": "closed" }, "wrong prefix ann cannot write in /srv/x"],
    [{ "prefix-state": "no-directory" }, "wrong prefix /srv/x is, or is below, what is no directory"],
    [{ free: "60000" }, "wrong disk 58 MB free for /srv/x"],
    [{ "tmp-free": "300000" }, "note tmp 292 MB free for /tmp"],
  ] as const) {
    assert.ok(found(said).includes(line), found(said).join("\n"));
  }
  assert.ok(found({}, ["/etc/pip.conf"]).includes("note pip.conf /etc/pip.conf is there"));
  assert.equal(
    found({ free: "", "tmp-free": undefined }).some((line) => line.includes("tmp")),
    false,
  );
});

test("clocks that are read while a moment passes differ by what is beyond it", () => {
  assert.equal(skew(1000, 1_000_900, 1_004_100), 0);
  assert.equal(skew(1005, 1_000_900, 1_004_100), 0);
  assert.equal(skew(1007, 1_000_900, 1_004_100), 2);
  assert.equal(skew(990, 1_000_900, 1_004_100), -10);
});

test("why a host is not reached comes with what to do", () => {
  const { verdict, found, advice } = unreached("web1", { code: "refused", message: "nobody listens" });
  assert.deepEqual([verdict, found], ["wrong", "refused: nobody listens"]);
  assert.match(advice ?? "", /does sshd run there/);
  assert.equal(
    unreached("web1", { code: "constructor", message: "x" }).advice,
    "man es-record tells of constructor",
  );
});

test("virtualenvs: what is wrong with them, otherwise their names", () => {
  const venv: VenvStatus = {
    ...{
      name: "a",
      path: "/srv/x/a",
      state: "sound",
      marks: [],
      python: "3.11.2",
      version: "1.0",
      generation: 1,
    },
    ...{ started: 1, supervisor: "running", processes: [], cpu: null, memory: null, strays: [] },
  };
  const lines = (...venvs: VenvStatus[]) =>
    venvFindings("web1", venvs).map(({ verdict, found }) => `${verdict} ${found}`);
  assert.deepEqual(lines(), ["ok none yet"]);
  assert.deepEqual(lines(venv, { ...venv, name: "b", supervisor: "down" }), ["ok a, supervised; b"]);
  const process = (name: string, state: string) => ({ name, state, pid: null, port: null });
  const bad: [Partial<VenvStatus>, string][] = [
    [{ state: "broken" }, "wrong a is broken"],
    [{ state: "marked", marks: ["es-pip by ann"] }, "wrong a change of a was cut short: es-pip by ann"],
    [{ state: "marked", marks: ["x"], held: "ann" }, "note a is being changed: ann"],
    [{ supervisor: "silent" }, "wrong the supervisord of a does not answer"],
    [{ processes: [process("x", "FATAL"), process("y", "RUNNING")] }, "wrong a: x is FATAL"],
    [
      { strays: [{ pid: 1, user: "ann", command: "x" }] },
      "wrong a has 1 processes that no supervisord knows",
    ],
  ];
  for (const [said, line] of bad) assert.deepEqual(lines({ ...venv, ...said }), [line]);
});
