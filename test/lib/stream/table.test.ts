import assert from "node:assert/strict";
import { test } from "node:test";
import { hasFailed, labelOf, renderTable } from "../../../lib/stream/table.js";

test("a record is called by its host as one would type it, or by its release", () => {
  for (const [record, label] of [
    [{ host: "web1" }, "web1"],
    [{ host: "web1", user: "essay", port: 2222 }, "essay@web1:2222"],
    [{ host: "::1", port: 22 }, "[::1]:22"],
    [{ host: "::1" }, "::1"],
    [{ project: "demo", version: "1.0" }, "demo 1.0"],
    [{ project: "demo" }, "demo"],
    [{ host: 1, project: [] }, "record"],
  ] as const)
    assert.equal(labelOf(record), label);
});

test("a record has failed when it has an error", () => {
  assert.ok(hasFailed({ error: { step: "x" } }));
  assert.ok(!hasFailed({ error: null }));
  assert.ok(!hasFailed(Object.create({ error: {} })));
});

test("columns appear where some record has something for them, and are as wide as they must be", () => {
  const records = [
    {
      host: "web1",
      venv: { name: "a", path: "/a" },
      version: "6.11.21.1",
      processes: [{ state: "RUNNING" }, { state: "RUNNING" }, { state: "FATAL" }],
      trace: [
        { step: "es-venv", changed: true },
        { step: "es-pip", changed: false },
        { step: "es-venv", changed: true },
      ],
    },
    { host: "世界", error: { step: "es-pip", code: "refused", message: "not\x1b[31m today" } },
  ];
  assert.equal(
    renderTable(records),
    [
      "HOST  VENV  VERSION    PROCESSES           RESULT",
      "web1  a     6.11.21.1  2 RUNNING, 1 FATAL  ok, changed by es-venv",
      "世界                                       failed in es-pip: refused: not\\x1b[31m today",
      "",
    ].join("\n"),
  );
  assert.equal(
    renderTable([{ version: "1.0" }, { version: "1.1", yanked: true }]),
    "VERSION  YANKED  RESULT\n1.0              ok\n1.1      yanked  ok\n",
  );
  assert.equal(renderTable([]), "");
  assert.equal(renderTable([{ unknown: 1 }]), "RESULT\nok\n");
});

test("a field of another type than expected leaves its cell empty", () => {
  const record = { host: {}, venv: "a", processes: 5, checks: [null], commit: 7, trace: "x" };
  assert.equal(renderTable([record, {}]), "HOST    RESULT\nrecord\n        ok\n");
});
