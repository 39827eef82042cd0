import assert from "node:assert/strict";
import { test } from "node:test";
import type { VenvStatus } from "../../../lib/base/schema.js";
import { notesOn, renderHistory, renderStatus, size } from "../../../lib/status/table.js";

const venv: VenvStatus = {
  name: "a",
  path: "/srv/a",
  state: "sound",
  marks: [],
  python: "3.11.2",
  version: "26.1.31.1",
  generation: 2,
  started: 2,
  supervisor: "running",
  processes: [0, 1, 2].map((last) => ({
    name: `d:d_${last}`,
    state: "RUNNING",
    pid: 70 + last,
    port: 8800 + last,
  })),
  cpu: 1.25,
  memory: 98_566_144,
  strays: [],
};
const deed = {
  ...{ at: "2026-01-31T08:00:00Z", user: "ann", from: "control", step: "es-pip", args: ["p==1"] },
  ...{ venv: "a", changes: ["p 1 installed"], outcome: "done" },
};

test("a line for each virtualenv of each host, with what somebody has to see to", () => {
  const strays = [{ pid: 7, user: "ann", command: "x" }];
  const records = [
    {
      host: "web1",
      live: "a",
      system: { load: [0.5, 1, 1], cpus: 4 },
      venvs: [
        venv,
        { ...venv, name: "b", state: "marked", marks: ["es-pip"], processes: [], started: 1, strays },
      ],
      history: [deed],
    },
    { host: "web2", venvs: [] },
    { host: "web3\u001b[2J", error: { step: "es-status", code: "unreachable", message: "no way" } },
  ];
  assert.equal(
    renderStatus(records),
    `HOST         LOAD    VENV      VERSION    PYTHON  PROCESSES  PORTS      CPU   MEMORY  LAST                         NOTES
web1         0.50/4  a (live)  26.1.31.1  3.11.2  3 RUNNING  8800-8802  1.3%  94M     2026-01-31T08:00:00Z es-pip
web1                 b         26.1.31.1  3.11.2                              94M                                  half-done: es-pip was cut short; strays: 7; changed since its processes were started
web2                                                                                                               no virtualenv
web3\\x1b[2J                                                                                                        unreachable: no way
`,
  );
});

test("a host that could not be looked at again is not shown as it was before", () => {
  const error = { step: "es-status", code: "unreachable", message: "no way" };
  const expected = "HOST  NOTES\nweb1  unreachable: no way\n";
  for (const venvs of [[venv], null, "x"])
    assert.equal(
      renderStatus([{ host: "web1", system: { load: [1, 1, 1], cpus: 1 }, venvs, error }]),
      expected,
    );
});

test("notes: a change under way, a broken interpreter", () => {
  assert.deepEqual(notesOn(venv), []);
  assert.deepEqual(notesOn({ ...venv, state: "marked", marks: ["es-pip"], held: "ann@c: es-pip p" }), [
    "locked by ann@c: es-pip p",
    "half-done: es-pip",
  ]);
  assert.deepEqual(notesOn({ ...venv, state: "broken" }), ["its python does not run"]);
});

test("the history: a line for each change of each host", () => {
  const records = [
    { host: "web1", history: [deed, { ...deed, outcome: "failed", code: "pip-failed", changes: [] }] },
  ];
  assert.equal(
    renderHistory(records),
    `HOST  AT                    WHO          VENV  STEP    OUTCOME     CHANGES
web1  2026-01-31T08:00:00Z  ann@control  a     es-pip  done        p 1 installed
web1  2026-01-31T08:00:00Z  ann@control  a     es-pip  pip-failed
`,
  );
});

test("sizes for people", () => {
  assert.deepEqual([0, 1023, 1024, 98_566_144, 1.5 * 2 ** 30, 64 * 2 ** 30].map(size), [
    ..."0B 1023B 1K 94M 1.5G 64G".split(" "),
  ]);
});
