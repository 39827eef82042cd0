import assert from "node:assert/strict";
import { test } from "node:test";
import { systemOf, venvsOf } from "../../lib/host-status.js";
import { Results } from "../../lib/remote/results.js";

function told(...lines: [string, string][]): Results {
  const results = new Results();
  for (const [name, value] of lines) results.add(name, value);
  return results;
}

test("what the script tells of virtualenvs, with spaces in paths and commands", () => {
  const [a, b] = venvsOf(
    told(
      ["prefix", "/srv/my demo"],
      ["venv", "a sound 3.11.2 26.1.31.1 3 2 77"],
      ["venv", "b marked - - 0 - -"],
      ["process", "a demo:demo_0 RUNNING 78 8800"],
      ["mark", "b es-pip"],
      ["silent", "b 5"],
      ["held", "b ann@control: es-pip p==1 (since 2026)"],
      ["use", "a 12.5 4096 2"],
      ["stray", "a 99 12345 ann /srv/my demo/a/bin/python -m x"],
    ),
  );
  assert.deepEqual(a, {
    ...{
      name: "a",
      path: "/srv/my demo/a",
      state: "sound",
      marks: [],
      python: "3.11.2",
      version: "26.1.31.1",
    },
    ...{ generation: 3, started: 2, supervisor: "running", cpu: 12.5, memory: 4096 },
    processes: [{ name: "demo:demo_0", state: "RUNNING", pid: 78, port: 8800 }],
    strays: [{ pid: 99, user: "ann", command: "/srv/my demo/a/bin/python -m x" }],
  });
  assert.deepEqual(b, {
    ...{ name: "b", path: "/srv/my demo/b", state: "marked", marks: ["es-pip"], python: null, version: null },
    ...{ held: "ann@control: es-pip p==1 (since 2026)", generation: 0, started: null, supervisor: "silent" },
    ...{ cpu: null, memory: null, processes: [], strays: [] },
  });
});

test("the host itself, as far as it is known", () => {
  assert.equal(systemOf(told()), undefined);
  assert.deepEqual(systemOf(told(["system", "0.5 1 1.5 4 1024 512 99"])), {
    ...{ load: [0.5, 1, 1.5], cpus: 4, memory: 1024, free: 512, uptime: 99 },
  });
  assert.deepEqual(systemOf(told(["system", "- - - 4 - - -"])), {
    ...{ load: [], cpus: 4, memory: null, free: null, uptime: null },
  });
});
