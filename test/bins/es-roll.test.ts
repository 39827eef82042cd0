import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { until } from "../lab/processes.js";
import { expectStatus, fileOf, pathWithBins, recordsOf, scratch, underWay } from "../lab/program.js";

const error = { step: "es-pip", code: "pip-failed", message: "no" };
const batch = { id: "outer", size: 20 };

/** Records of twenty hosts h1 to h20, with more fields from a function. */
const hosts = (more: (place: number) => object = () => ({}), count = 20) =>
  Array.from({ length: count }, (_, i) => ({ host: `h${i + 1}`, batch, ...more(i + 1) }));
const lines = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");
const twenty = lines(hosts());

const codes = (stdout: string) =>
  recordsOf(stdout)
    .sort((a, b) => Number(a.host.slice(1)) - Number(b.host.slice(1)))
    .map(({ error }) => error?.code ?? "ok");
const fill = (...parts: [count: number, code: string][]) =>
  parts.flatMap(([count, code]) => Array<string>(count).fill(code));

/** A sed program by which the hosts fail. */
const failing = (...places: number[]) =>
  places.map((place) => `/"h${place}"/s/}$/,"error":${JSON.stringify(error)}}/`).join("; ");

interface Case {
  name: string;
  args: string[];
  command: string[];
  input?: string;
  status?: number;
  codes: string[];
  says: RegExp;
}

const sh = (script: string) => ["sh", "-c", script];
const [three, afterOne] = [["1,10%,100%"], fill([1, "record-lost"], [19, "not-attempted"])];

const cases: Case[] = [
  {
    name: "a command that gives all back",
    args: three,
    command: ["cat"],
    status: 0,
    codes: fill([20, "ok"]),
    says: /^es-roll: all 3 batches: 20 hosts ok, 0 failed$/m,
  },
  {
    name: "the first batch fails wholly",
    args: three,
    command: ["sed", failing(1)],
    codes: fill([1, "pip-failed"], [19, "not-attempted"]),
    says: /^es-roll: stopped after batch 1 of 3: 1 of 1 host failed; 19 hosts were not touched$/m,
  },
  {
    name: "a wholly failed batch stops whatever is allowed",
    args: ["2,100%", "--max-fail", "100%"],
    command: ["sed", failing(1, 2)],
    codes: fill([2, "pip-failed"], [18, "not-attempted"]),
    says: /^es-roll: stopped after batch 1 of 2: 2 of 2 hosts failed; 18 hosts were not touched$/m,
  },
  {
    name: "no failure is allowed unless told",
    args: ["2"],
    command: ["sed", failing(3)],
    codes: [...fill([2, "ok"]), "pip-failed", "ok", ...fill([16, "not-attempted"])],
    says: /^es-roll: stopped after batch 2 of 10: 1 of 2 hosts failed; 16 hosts were not touched$/m,
  },
  {
    name: "failures of all batches count together",
    args: ["5", "--max-fail", "10%"],
    command: ["sed", failing(2, 7, 8)],
    codes: [
      "ok",
      "pip-failed",
      ...fill([4, "ok"]),
      "pip-failed",
      "pip-failed",
      "ok",
      "ok",
      ...fill([10, "not-attempted"]),
    ],
    says: /^es-roll: stopped after batch 2 of 4: 2 of 5 hosts failed, 3 in all; 10 hosts were not touched$/m,
  },
  {
    name: "as many as are allowed",
    args: ["5", "--max-fail", "15%"],
    command: ["sed", failing(2, 7, 8)],
    status: 0,
    codes: ["ok", "pip-failed", ...fill([4, "ok"]), "pip-failed", "pip-failed", ...fill([12, "ok"])],
    says: /^es-roll: 3 of 20 failed, as --max-fail allows: h2, h7, h8$/m,
  },
  {
    name: "failures of the last batch",
    args: ["10"],
    command: ["sed", failing(20)],
    codes: fill([19, "ok"], [1, "pip-failed"]),
    says: /^es-roll: stopped after batch 2 of 2: 1 of 10 hosts failed$/m,
  },
  {
    name: "those that failed before count, and are not touched",
    args: ["10", "--max-fail", "1"],
    command: ["sed", failing(3)],
    input: lines(hosts((place) => (place === 1 ? { error: { ...error, code: "unreachable" } } : {}))),
    codes: ["unreachable", "ok", "pip-failed", ...fill([8, "ok"], [9, "not-attempted"])],
    says: /^es-roll: stopped after batch 1 of 2: 1 of 10 hosts failed, 2 in all; 9 hosts were not touched$/m,
  },
  {
    name: "too many had failed before",
    args: three,
    command: ["cat"],
    input: lines(hosts((place) => (place === 1 ? { error } : {}))),
    codes: fill([1, "pip-failed"], [19, "not-attempted"]),
    says: /stopped before the first batch: 1 of 20 hosts had failed or were missing, --max-fail allows 0; 19 hosts were not touched$/m,
  },
  {
    name: "a record that never came",
    args: three,
    command: ["cat"],
    input: lines(hosts(() => ({}), 19)),
    codes: fill([19, "not-attempted"]),
    says: /1 of the 20 records of batch outer never came/,
  },
  {
    name: "a command that cannot be started",
    args: three,
    command: ["/no/such"],
    codes: fill([1, "no-command"], [19, "not-attempted"]),
    says: /stopped after batch 1 of 3: cannot run \/no\/such: there is no such command; 19 hosts were not touched$/m,
  },
  {
    name: "a command that reads nothing and gives nothing",
    args: three,
    command: sh("exec <&-"),
    codes: afterOne,
    says: /record-lost: .* ended with status 0 and gave no record of this host back \(h1\)$/m,
  },
  {
    name: "a command that is called wrongly",
    args: three,
    command: ["es-gate", "--nosuch"],
    status: 2,
    codes: afterOne,
    says: /ended with status 2 and gave no record/,
  },
  {
    name: "a command that is killed",
    args: three,
    command: sh("kill -9 $$"),
    codes: afterOne,
    says: /ended with status 137 and/,
  },
  {
    name: "a command that fails though all hosts are well",
    args: three,
    command: sh("cat; exit 3"),
    codes: fill([1, "ok"], [19, "not-attempted"]),
    says: /stopped after batch 1 of 3: the command ended with status 3, though no host failed; 19/,
  },
  {
    name: "some records are not given back",
    args: ["4", "--max-fail", "5"],
    command: ["grep", "-v", '"h[36]"'],
    status: 0,
    codes: ["ok", "ok", "record-lost", "ok", "ok", "record-lost", ...fill([14, "ok"])],
    says: /2 of 20 failed, as --max-fail allows/,
  },
  {
    name: "garbage on the command's output",
    args: three,
    command: sh("echo hello; cat"),
    codes: fill([1, "ok"], [19, "not-attempted"]),
    says: /es-roll: the command wrote a line that is no record: not JSON/,
  },
  {
    name: "a field of a wrong type",
    args: three,
    command: ["sed", 's/}$/,"error":"x"}/'],
    codes: afterOne,
    says: /a line that is no record: field error: /,
  },
  {
    name: "a record of a host that was not given",
    args: three,
    command: sh('echo \'{"host":"other"}\'; cat'),
    codes: fill([1, "ok"], [19, "not-attempted"]),
    says: /wrote a record of other, which it was not given, or had given back already/,
  },
  {
    name: "a record twice",
    args: three,
    command: ["sed", "p"],
    codes: fill([1, "ok"], [19, "not-attempted"]),
    says: /wrote a record of h1, which it was not given, or had given back already/,
  },
  {
    name: "malformed input",
    args: three,
    command: ["cat"],
    input: `${twenty}{"host":\n`,
    status: 2,
    codes: fill([20, "not-attempted"]),
    says: /line 21 of the input is malformed/,
  },
];

for (const { name, args, command, input = twenty, status = 1, codes: expected, says } of cases)
  test(name, async () => {
    const ran = await expectStatus(status, "es-roll", [...args, "--", ...command], { input });
    assert.deepEqual(codes(ran.stdout), expected, ran.report);
    assert.match(ran.stderr, says, ran.report);
    for (const record of recordsOf(ran.stdout)) assert.deepEqual(record.batch, batch, ran.report);
  });

test("each batch is one of its own, and the records leave as they were but for that", async (t) => {
  const log = join(scratch(t), "log");
  const input = hosts()
    .map((record) => `${JSON.stringify(record).slice(0, -1)},"n":12345678901234567890}\n`)
    .join("");
  const args = ["1,10%,100%", "-k", "--", "tee", "-a", log];
  const ran = await expectStatus(0, "es-roll", args, { input });
  assert.equal(ran.stdout, input);
  const seen = recordsOf(readFileSync(log, "utf8")).map(({ batch }) => `${batch.id} ${batch.size}`);
  assert.equal(new Set(seen).size, 3);
  assert.deepEqual(
    seen.map((text) => Number(text.split(" ")[1])),
    [1, 2, 2, ...fill([17, "17"]).map(Number)],
  );
});

test("records without a batch leave without one, and -k keeps the order", async () => {
  const input = lines(hosts().map(({ host }) => ({ host })));
  const ran = await expectStatus(0, "es-roll", ["7", "-k", "--", "sort", "-r"], { input });
  assert.equal(ran.stdout, input);
});

test("all records of a host are in one batch", async (t) => {
  const log = join(scratch(t), "log");
  const input = lines([{ host: "a", n: 1 }, { host: "b" }, { host: "a", n: 2 }]);
  await expectStatus(0, "es-roll", ["1", "--", "tee", "-a", log], { input });
  assert.deepEqual(
    recordsOf(readFileSync(log, "utf8")).map(({ host, n, batch }) => [host, n, batch.size]),
    [
      ["a", 1, 2],
      ["a", 2, 2],
      ["b", undefined, 1],
    ],
  );
});

test("--max-fail counts hosts, also those with several records", async () => {
  const of = (host: string, venv: string, more: object = {}) => ({
    host,
    venv: { name: venv, path: `/srv/${venv}` },
    ...more,
  });
  const both = lines([of("h1", "a"), of("h1", "b"), of("h2", "a"), of("h2", "b")]);
  const failH1 = sh(`sed '/"h1"/s/}$/,"error":{"step":"s","code":"c","message":"m"}}/'`);
  const ran = await expectStatus(0, "es-roll", ["2", "--max-fail", "1", "--", ...failH1], { input: both });
  assert.match(ran.stderr, /all 1 batches: 1 host ok, 1 failed$/m);
  // One of its records had failed before, the other fails now: that is one host, too.
  const before = lines([of("h1", "a", { error }), of("h1", "b"), of("h2", "a")]);
  const again = await expectStatus(0, "es-roll", ["2", "--max-fail", "1", "--", ...failH1], {
    input: before,
  });
  assert.match(again.stderr, /1 host ok, 1 failed$/m);
});

test("a roll that was stopped is no success, whatever may fail", async () => {
  const ran = await expectStatus(1, "es-roll", ["1", "--max-fail", "100%", "--", "false"], { input: twenty });
  assert.match(ran.stderr, /stopped after batch 1 of 20: .*; 19 hosts were not touched/);
});

test("a batch whose command says that it was called wrongly is not made up for by a later one", async () => {
  const script = `if [ -e "$ESSAY_ROLL/mark" ]; then cat; exit 3; fi
    touch "$ESSAY_ROLL/mark"; sed '1s/}$/,"error":{"step":"s","code":"c","message":"m"}}/'; exit 2`;
  const args = ["2", "--max-fail", "1", "--", ...sh(script)];
  const input = lines([{ host: "a" }, { host: "b" }, { host: "c" }]);
  const ran = await expectStatus(2, "es-roll", args, { input });
  assert.deepEqual(codes(ran.stdout), ["c", "ok", "ok"], ran.report);
});

test("ESSAY_ROLL is one private directory for the whole roll", async (t) => {
  const log = join(scratch(t), "log");
  const script = `[ ! -e "$ESSAY_ROLL/mark" ] || echo again >>${log}
    touch "$ESSAY_ROLL/mark"; stat -c %a "$ESSAY_ROLL" >>${log}; echo "$ESSAY_ROLL" >>${log}
    exec es-roll 1 -- sh -c 'echo "$ESSAY_ROLL" >>${log}; cat'`;
  const input = lines([{ host: "a" }, { host: "b" }]);
  const env = { PATH: pathWithBins };
  await expectStatus(0, "es-roll", ["1", "--", ...sh(script)], { input, env });
  const [mode, first = "", ...rest] = readFileSync(log, "utf8").trimEnd().split("\n");
  assert.equal(mode, "700");
  // A roll within a roll is part of it.
  assert.deepEqual(rest, [first, "again", "700", first, first]);
  assert.ok(!existsSync(first));
});

test("--dry-run is a plan for every step", async () => {
  const ran = await expectStatus(0, "es-roll", ["5", "--dry-run", "--", "cat"], { input: twenty });
  for (const { plan } of recordsOf(ran.stdout)) assert.equal(plan, true);
});

test("the command may be one of essay's, or an alias", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "essay.toml"), '[alias]\nboth = "es-gate | es-gate --max-fail {1}"\n');
  const ran = await expectStatus(0, "es-roll", ["5", "--", "es", "both", "3"], { input: twenty, cwd });
  assert.deepEqual(codes(ran.stdout), fill([20, "ok"]), ran.report);
});

const mistakes: [args: string[], says: RegExp][] = [
  [["--", "cat"], /an operand is missing/],
  [["1"], /after the sizes come --/],
  [["1", "--"], /after the sizes come --/],
  [["1", "2", "--", "cat"], /unexpected operand 2/],
  [["0", "--", "cat"], /is no size of a batch/],
  [["1,,2", "--", "cat"], /is no size of a batch/],
  [["1", "--pause", "x", "--", "cat"], /--pause takes seconds/],
  [["1", "--timeout", "5", "--", "cat"], /--timeout belongs to the steps/],
  [["1", "--max-fail", "x", "--", "cat"], /--max-fail takes a whole number/],
];
for (const [args, says] of mistakes)
  test(`es-roll ${args.join(" ")} is a mistake`, async () => {
    const ran = await expectStatus(2, "es-roll", args, { input: twenty });
    assert.equal(ran.stdout, "");
    assert.match(ran.stderr, says, ran.report);
  });

test("no record is a failure, and the command is not run", async () => {
  const ran = await expectStatus(1, "es-roll", ["1", "--", "touch", "/no/such/file"]);
  assert.match(ran.stderr, /^es-roll: nothing to do/m);
  assert.doesNotMatch(ran.stderr, /touch/);
});

/** A roll under way, with the given input. */
function started(t: TestContext, args: readonly string[], input: string) {
  const roll = underWay(t, "es-roll", args, { ...process.env, PATH: pathWithBins });
  roll.child.stdin.end(input);
  return roll;
}

test("a signal reaches the steps of the command; all records come out", async (t) => {
  const log = join(scratch(t), "log");
  const input = lines(hosts((place) => ({ vars: { forever: place > 2 } })));
  const work = fileOf("es-work");
  const script = `node ${work} --log ${log} | node ${fileOf("es-pass")}`;
  const { child, seen, closed } = started(t, ["2,3,100%", "--", ...sh(script)], input);
  const notes = () => (existsSync(log) ? readFileSync(log, "utf8") : "");
  await until("the second batch", () => (notes().match(/begin/g) ?? []).length === 5);
  child.kill("SIGTERM");
  assert.deepEqual(await closed, [null, "SIGTERM"], seen.stderr);
  assert.deepEqual(codes(seen.stdout), fill([2, "ok"], [3, "cancelled"], [15, "not-attempted"]), seen.stderr);
  assert.match(notes(), /cut h3/);
  assert.match(
    seen.stderr,
    /^es-roll: stopped after batch 2 of 3: SIGTERM came; 15 hosts were not touched$/m,
  );
});

test("a signal ends the pause between two batches", async (t) => {
  const { child, seen, closed } = started(t, ["1,100%", "--pause", "600", "--", "cat"], twenty);
  await until("the first record", () => seen.stdout.includes("\n"));
  child.kill("SIGINT");
  assert.deepEqual(await closed, [null, "SIGINT"], seen.stderr);
  assert.deepEqual(codes(seen.stdout), fill([1, "ok"], [19, "not-attempted"]), seen.stderr);
});

test("records leave as they come", async (t) => {
  const go = join(scratch(t), "go");
  const script = `IFS= read -r line; echo "$line"; while [ ! -e ${go} ]; do sleep 0.05; done; cat`;
  const { seen, closed } = started(t, ["2", "--", ...sh(script)], lines([{ host: "h1" }, { host: "h2" }]));
  await until("the first record", () => seen.stdout.includes("h1"));
  assert.ok(!seen.stdout.includes("h2"));
  writeFileSync(go, "");
  assert.deepEqual(await closed, [0, null], seen.stderr);
  assert.deepEqual(codes(seen.stdout), ["ok", "ok"]);
});
