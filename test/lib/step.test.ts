import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import fc from "fast-check";
import { until } from "../lab/processes.js";
import { expectStatus, fileOf, program, recordsOf, scratch, underWay } from "../lab/program.js";
import { tcpServer } from "../lab/tcp-server.js";

type Vars = Record<string, string | number | boolean>;

/** Lines of records of hosts h0, h1, ... with the vars that a function gives them. */
function hosts(count: number, vars: (index: number) => Vars = () => ({}), more: object = {}): string {
  return Array.from(
    { length: count },
    (_, i) => `${JSON.stringify({ host: `h${i}`, vars: vars(i), ...more })}\n`,
  ).join("");
}

const failed = (host: string) =>
  `{"host":"${host}", "error":{"step":"x","code":"y","message":"z","n":1.0} }\n`;
const codes = (stdout: string) =>
  recordsOf(stdout).map(({ host, error }) => `${host} ${error?.code ?? "ok"}`);

/** A step under way, to be talked to. */
function started(t: TestContext, name: string, args: readonly string[]) {
  const log = join(scratch(t), "log");
  const notes = () => (existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : []);
  return { ...underWay(t, name, [...args, ...(name === "es-work" ? ["--log", log] : [])]), notes };
}

test("any JSON objects pass through a step that does nothing, byte for byte", async () => {
  const name = fc.oneof(
    fc.constantFrom("host", "user", "port", "venv", "__proto__", "constructor", "toString", ""),
    fc.string({ unit: "binary" }).filter((text) => !["error", "trace", "batch", "plan"].includes(text)),
  );
  const value = fc.oneof(
    fc.jsonValue().map((some) => JSON.stringify(some)),
    fc.bigInt().map(String),
    fc.constantFrom("1.0", "1e400", "-0", '"\\ud800"', '"\\u0041"', '{"a":1,"a":2}'),
  );
  const space = fc.constantFrom("", "", " ", "\t", "  ");
  const ours = fc.constantFrom(
    '"trace":[{"step":"x","args":[],"at":"now","ms":1.0,"changed":false,"more":1e0}]',
    '"batch" : {"size":0,"id":"b"}',
    '"plan":true',
    '"error":null',
    '"error":{"step":"s","code":"c","message":"m"}',
  );
  const member = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.tuple(name, space, value).map(([n, s, v]) => `${JSON.stringify(n)}${s}:${s}${v}`),
    },
    { weight: 1, arbitrary: ours },
  );
  const record = fc
    .tuple(fc.array(member, { maxLength: 6 }), space)
    .map(([members, s]) => `${s}{${s}${members.join(`${s},`)}${s}}${s}`);
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 200 }), async (lines) => {
      const input = lines.map((line) => `${line}\n`).join("");
      const ran = await program("es-pass", ["-qk"], { input });
      assert.equal(ran.stdout, input);
    }),
    { numRuns: 6 },
  );
});

test("a step adds what it did, and leaves all else byte for byte", async () => {
  const unknown = '"big":12345678901234567890,"n" : 1.0,"n":2,"__proto__":{"a": 1},"constructor":null';
  const input = `{"host":"h", ${unknown},"live":"b","python":"3","trace":[{"step":"x","args":[],"at":"t","ms":0,"changed":true}]}\n`;
  const { stdout, stderr } = await expectStatus(0, "es-work", ["https://me:geheim@h/"], { input });
  assert.ok(
    stdout.startsWith(`{"host":"h",${unknown.replaceAll(", ", ",")},"live":"a","trace":[{"step":"x"`),
    stdout,
  );
  const [record] = recordsOf(stdout);
  assert.equal(record.python, undefined);
  const { at, ms, ...entry } = record.trace[1];
  assert.deepEqual(entry, { step: "es-work", args: ["https://h/"], changed: true });
  assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.ok(Number.isInteger(ms));
  assert.match(stderr, /^h {2}es-work {2}worked on h {2}\d+\.\d s$/m);
});

test("a failure is data: the record gets the error, the others go on", async () => {
  const input = hosts(3, (i) => (i === 1 ? { fail: "locked" } : {}));
  const { stdout, stderr } = await expectStatus(1, "es-work", ["-k"], { input });
  assert.deepEqual(codes(stdout), ["h0 ok", "h1 locked", "h2 ok"]);
  const { error, trace, live } = recordsOf(stdout)[1];
  assert.deepEqual(error, { step: "es-work", code: "locked", message: "h1 failed", exit: 3, stderr: "why" });
  assert.equal(trace[0].code, "locked");
  assert.equal(trace[0].changed, false);
  assert.equal(live, undefined);
  assert.match(stderr, /^h1 {2}es-work {2}locked: h1 failed {2}/m);
});

test("a fault in a step fails its record only, and -v tells where it is", async () => {
  const input = hosts(2, (i) => (i === 0 ? { throw: "oh" } : { loud: "\x1b[0mtext" }));
  const { stdout, stderr } = await expectStatus(1, "es-work", ["-k", "-v"], { input });
  assert.deepEqual(codes(stdout), ["h0 internal", "h1 ok"]);
  assert.match(recordsOf(stdout)[0].error.stderr, /TypeError: oh\n.*es-work/);
  assert.match(stderr, /^h0\| TypeError: oh\nh0\| +at .*es-work/m);
  assert.match(stderr, /^h1\| \\x1b\[0mtext$/m);
});

test("a failed record is passed on untouched, whatever else is in it", async () => {
  const input = `${failed("h0").replace("{", '{"vars":"of another type", ')}${hosts(1)}`;
  const log = "/dev/stderr";
  const { stdout, stderr } = await expectStatus(1, "es-work", ["-k", "--log", log], { input });
  assert.equal(stdout.split("\n")[0], input.split("\n")[0]);
  assert.doesNotMatch(stderr, /begin h0|es-work {2}worked on h0/);
  assert.equal(
    (await expectStatus(0, "es-pass", ["--max-fail", "1"], { input: failed("h") })).stdout,
    failed("h"),
  );
});

test("no more records at once than --jobs, and as many as that", async (t) => {
  const { child, notes, closed } = started(t, "es-work", ["-j", "3"]);
  child.stdin.end(hosts(9, () => ({ ms: 150 })));
  assert.equal((await closed)[0], 0);
  let [now, most] = [0, 0];
  for (const note of notes()) {
    now += note.startsWith("begin") ? 1 : -1;
    most = Math.max(most, now);
  }
  assert.equal(most, 3);
});

test("the same host and virtualenv twice is worked on one after the other", async (t) => {
  const { child, notes, closed } = started(t, "es-work", []);
  const venv = (name: string) => hosts(1, () => ({ ms: 50 }), { venv: { name, path: `/${name}` } });
  child.stdin.end(venv("a") + venv("a") + venv("b"));
  assert.equal((await closed)[0], 0);
  assert.deepEqual(notes().slice(0, 2), ["begin h0", "begin h0"]);
  assert.deepEqual(
    notes()
      .slice(-3)
      .filter((note) => note.startsWith("begin")),
    ["begin h0"],
  );
});

test("records leave as soon as they are done; -k keeps their order", async () => {
  const input = hosts(4, (i) => ({ ms: 600 - i * 150 }));
  const order = async (args: string[]) =>
    recordsOf((await expectStatus(0, "es-work", args, { input })).stdout).map(({ host }) => host);
  assert.deepEqual(await order([]), ["h3", "h2", "h1", "h0"]);
  assert.deepEqual(await order(["-k"]), ["h0", "h1", "h2", "h3"]);
});

test("reads no faster than it works", async (t) => {
  const { child, notes } = started(t, "es-work", ["-j", "2"]);
  let taken = 0;
  const line = hosts(1, () => ({ forever: true, fill: "x".repeat(65_000) }));
  for (let i = 0; i < 500; i++)
    child.stdin.write(line.replace("h0", `h${i}`), (error) => {
      if (!error) taken++;
    });
  await until("two records under way", () => notes().length === 2);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(taken < 50, `${taken} of 500 records were taken while 2 are under way`);
  assert.equal(notes().length, 2);
});

test("--timeout ends the work on one record", async (t) => {
  const log = join(scratch(t), "log");
  const input = hosts(2, (i) => ({ forever: i === 0 }));
  const { stdout } = await expectStatus(1, "es-work", ["-k", "--timeout", "0.5", "--log", log], { input });
  assert.deepEqual(codes(stdout), ["h0 timeout", "h1 ok"]);
  assert.match(
    recordsOf(stdout)[0].error.message,
    /^es-work did not end within 0.5 s; --timeout gives it longer$/,
  );
  assert.match(readFileSync(log, "utf8"), /cut h0/);
});

test("a dry run is for the flag, and for the record that says so", async (t) => {
  const log = join(scratch(t), "log");
  const input = hosts(1) + hosts(1, () => ({}), { host: "planned", plan: true });
  await expectStatus(0, "es-work", ["--log", log, "-k"], { input });
  assert.deepEqual(readFileSync(log, "utf8").match(/^(begin|plan) .*$/gm), ["begin h0", "plan planned"]);
  const { stdout, stderr } = await expectStatus(0, "es-work", ["--dry-run"], { input: hosts(1) });
  assert.match(stderr, /dry run: worked on h0/);
  assert.equal(recordsOf(stdout)[0].plan, true, "it binds the later steps");
});

test("nothing to do is no success", async () => {
  for (const input of ["", "\n \n"]) {
    const { stderr } = await expectStatus(1, "es-pass", [], { input });
    assert.match(stderr, /^es-pass: nothing to do: no record came in\n$/);
    await expectStatus(0, "es-pass", ["--allow-empty"], { input });
  }
});

test("records of a batch that never came are a failure", async () => {
  const input = hosts(3, () => ({}), { batch: { id: "k3v9", size: 5 } });
  const { stdout, stderr } = await expectStatus(1, "es-pass", [], { input });
  assert.equal(recordsOf(stdout).length, 3);
  assert.match(stderr, /^es-pass: 2 of the 5 records of batch k3v9 never came/m);
  const partial = await expectStatus(0, "es-pass", ["--partial"], { input });
  assert.match(partial.stderr, /never came, as --partial allows$/m);
  // Failed ones came, too.
  const all = hosts(1, () => ({}), { batch: { id: "b", size: 2 } });
  await expectStatus(0, "es-pass", ["--max-fail", "1"], {
    input: all + all.replace("}\n", ',"error":{}}\n'),
  });
});

const long = `{"host":"${"x".repeat(1024 * 1024)}"}`;
const malformed: [what: string, line: string | Buffer, problem: RegExp][] = [
  ["no JSON", '{"host":', /not JSON: /],
  ["no object", "[1]", /not a JSON object/],
  ["too long", long, /longer than 1048576 bytes/],
  ["a needed field of another type", '{"host":5}', /field host: /],
  ["a trace that is none", '{"host":"h","trace":{}}', /field trace: /],
  ["a batch that is none", '{"host":"h","batch":{"id":"x"},"error":{}}', /field batch\.size: /],
  ["not UTF-8", Buffer.from('{"host":"\xff"}', "latin1"), /not UTF-8/],
];
for (const [what, line, problem] of malformed)
  test(`malformed input: ${what}`, async (t) => {
    const { child, seen, notes, closed } = started(t, "es-work", ["-k"]);
    child.stdin.write(hosts(1, () => ({ ms: 300 })));
    await until("the first record to be under way", () => notes().length > 0);
    child.stdin.write(line);
    child.stdin.end(`\n${hosts(2).replace("h0", "late")}`);
    assert.equal((await closed)[0], 2, seen.stderr);
    assert.deepEqual(codes(seen.stdout), ["h0 ok", "late not-attempted", "h1 not-attempted"]);
    assert.match(seen.stderr, /^es-work: line 2 of the input is malformed: /m);
    assert.match(seen.stderr, problem);
  });

for (const name of ["SIGINT", "SIGTERM"] as const)
  test(`${name}: what runs is ended, nothing is begun, every record comes out`, async (t) => {
    const { child, seen, notes, closed } = started(t, "es-work", ["-k", "-j", "2"]);
    child.stdin.write(hosts(4, () => ({ forever: true })));
    await until("two records under way", () => notes().length === 2);
    child.kill(name);
    await until("their end", () => notes().includes("cut h0") && notes().includes("cut h1"));
    child.stdin.end(failed("late") + hosts(1).replace("h0", "later"));
    assert.deepEqual(await closed, [null, name], seen.stderr);
    assert.deepEqual(codes(seen.stdout), [
      "h0 cancelled",
      "h1 cancelled",
      "h2 not-attempted",
      "h3 not-attempted",
      "late y",
      "later not-attempted",
    ]);
    assert.match(seen.stderr, new RegExp(`cancelled: cancelled by ${name}`));
    assert.equal(notes().filter((note) => note.startsWith("begin")).length, 2);
  });

test("Ctrl-C in a pipeline of a script: all records come out, and its next line does not run", async (t) => {
  const directory = scratch(t);
  writeFileSync(
    join(directory, "in"),
    // The first one goes through at once, which tells that the last stage is there.
    hosts(9, (i) => (i === 0 ? {} : { forever: true })),
  );
  const pass = `node ${fileOf("es-pass")}`;
  const script = `${pass} <in | node ${fileOf("es-work")} -j 2 --log log | ${pass} >out; touch next`;
  const child = spawn("bash", ["-c", script], { cwd: directory, stdio: "ignore", detached: true });
  const log = join(directory, "log");
  await until(
    "two records under way",
    () => existsSync(log) && (readFileSync(log, "utf8").match(/^begin h[1-9]$/gm) ?? []).length === 2,
  );
  const out = () => readFileSync(join(directory, "out"), "utf8");
  await until("the last stage to be there", () => out() !== "");
  process.kill(-(child.pid ?? 0), "SIGINT");
  const [status, signal] = await once(child, "exit");
  assert.equal(signal, "SIGINT", `status ${status}: ${out()}`);
  await until("the last stage to end", () => recordsOf(out()).length === 9);
  assert.deepEqual(
    codes(out())
      .map((code) => code.replace(/^h\d /, ""))
      .sort(),
    [...Array(2).fill("cancelled"), ...Array(6).fill("not-attempted"), "ok"],
  );
  assert.ok(!existsSync(join(directory, "next")));
});

test("a second signal ends at once", async (t) => {
  const { child, seen, notes, closed } = started(t, "es-work", []);
  child.stdin.write(hosts(1, () => ({ forever: true })));
  await until("a record under way", () => notes().length === 1);
  child.kill("SIGTERM");
  await until("its end", () => notes().length === 2);
  // stdin is still open, so it would wait for more. Within half a second it is the first signal over again.
  await pause(700);
  child.kill("SIGTERM");
  assert.deepEqual(await closed, [null, "SIGTERM"], seen.stderr);
});

test("nobody reads: nothing new is begun, and it is said whose records are lost", async (t) => {
  const { child, seen, notes, closed } = started(t, "es-work", ["-j", "1"]);
  child.stdout.destroy();
  child.stdin.write(hosts(1));
  await until("its end", () => notes().includes("end h0"));
  child.stdin.end(hosts(3).replace("h0", "h3"));
  assert.equal((await closed)[0], 1, seen.stderr);
  assert.match(seen.stderr, /^es-work: nobody read the records of: h0, h3, h1, h2$/m);
  assert.deepEqual(notes(), ["begin h0", "end h0"]);
});

test("the whole batch: all of it, or nothing is touched", async (t) => {
  const log = join(scratch(t), "log");
  const whole = (status: number, input: string, args: string[] = []) =>
    expectStatus(status, "es-work", ["--whole", "--log", log, ...args], { input });
  const begun = () => existsSync(log);

  const bad = await whole(1, hosts(2) + failed("bad"));
  assert.deepEqual(codes(bad.stdout), ["h0 not-attempted", "h1 not-attempted", "bad y"]);
  assert.match(bad.stderr, /not begun: 1 of 3 records came in failed/);
  const some = hosts(2, () => ({}), { batch: { id: "b", size: 3 } });
  assert.match((await whole(1, some)).stdout, /not begun: 1 records are missing/);
  const malformedLast = await whole(2, `${hosts(2)}nonsense\n`);
  assert.deepEqual(codes(malformedLast.stdout), ["h0 not-attempted", "h1 not-attempted"]);
  await whole(1, "");
  assert.ok(!begun(), "something was begun");

  const partial = await whole(0, some, ["--partial"]);
  assert.deepEqual(codes(partial.stdout), ["h0 ok", "h1 ok"]);
  assert.ok(begun());
  const one = await whole(
    1,
    hosts(2, (i): Vars => (i === 1 ? { fail: "locked" } : {})),
  );
  assert.deepEqual(codes(one.stdout), ["h0 ok", "h1 locked"]);
});

test("the whole batch, cancelled", async (t) => {
  const { child, seen, notes, closed } = started(t, "es-work", ["--whole"]);
  child.stdin.end(hosts(2, () => ({ forever: true })));
  await until("both under way", () => notes().length === 2);
  child.kill("SIGINT");
  assert.deepEqual(await closed, [null, "SIGINT"]);
  assert.deepEqual(codes(seen.stdout), ["h0 cancelled", "h1 cancelled"]);
});

test("an input that breaks off: what is begun is ended and written, and it is no success", async (t) => {
  const log = join(scratch(t), "log");
  const { port } = await tcpServer(t, async (socket) => {
    socket.write(hosts(1, () => ({ ms: 100 })));
    await until("the work", () => existsSync(log));
    socket.resetAndDestroy();
  });
  const script = `exec "$@" </dev/tcp/127.0.0.1/${port}`;
  const words = ["-c", script, "bash", process.execPath, fileOf("es-work") ?? "", "--log", log];
  const ran = await program("bash", words);
  assert.equal(ran.status, 2, ran.report);
  assert.deepEqual(codes(ran.stdout), ["h0 ok"], ran.report);
  assert.match(ran.stderr, /the input cannot be read to its end: .*ECONNRESET/, ran.report);
});

test("made records are counted, too", async () => {
  const { stdout } = await expectStatus(0, "es-make", ["3"]);
  assert.deepEqual(
    recordsOf(stdout).map(({ host }) => host),
    ["h0", "h1", "h2"],
  );
  await expectStatus(1, "es-make", ["0"]);
});

test("half a million bytes come out whole", async () => {
  const input = hosts(1000, () => ({ fill: "x".repeat(500) }));
  const { stdout } = await expectStatus(0, "es-pass", ["-k"], { input });
  assert.equal(stdout, input);
});

/** Runs a step on a terminal. */
async function onTerminal(t: TestContext, words: string, input: string, env: NodeJS.ProcessEnv = {}) {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "in"), input);
  const [name = "", ...args] = words.split(" ");
  const line = `node ${fileOf(name)} ${args.join(" ")}`;
  const ran = await program("script", ["-qec", line, "/dev/null"], { cwd, env });
  return { ...ran, stdout: ran.stdout.replaceAll("\r\n", "\n") };
}

test("on a terminal records become a table, and --json keeps them", async (t) => {
  const input = hosts(1) + hosts(1, () => ({ fail: "locked" })).replace("h0", "\\u001b[1mbold");
  const table = await onTerminal(t, "es-work -k <in", input);
  assert.equal(table.status, 1);
  assert.match(
    table.stdout,
    /\nHOST +RESULT\nh0 +ok, changed by es-work\n\\x1b\[1mbold +failed in es-work: locked: /,
  );
  assert.doesNotMatch(table.stdout, /\{"host"/);
  const json = await onTerminal(t, "es-work -k --json <in", input);
  assert.match(json.stdout, /^\{"host":"h0"/m);
  assert.doesNotMatch(json.stdout, /RESULT/);
});

test("colour only on a terminal, and not with NO_COLOR; nothing else of a record reaches it raw", async (t) => {
  const input = hosts(1, () => ({ fail: "locked" })).replace("h0", "\\u001b[2Jh\\u009b");
  const red = await onTerminal(t, "es-work -q <in", input);
  assert.ok(!red.stdout.includes("\x1b"), red.stdout);
  const coloured = await onTerminal(t, "es-work <in", input);
  assert.ok(coloured.stdout.includes("\x1b[31mlocked: \\x1b[2Jh\\x9b failed\x1b[0m"), coloured.report);
  const plain = await onTerminal(t, "es-work <in", input, { NO_COLOR: "1" });
  assert.ok(!plain.stdout.includes("\x1b"), plain.stdout);
  const { stderr } = await expectStatus(1, "es-work", [], { input });
  assert.ok(!stderr.includes("\x1b"), stderr);
});

test("a terminal gives no records: it is said how to go on", async (t) => {
  const ran = await onTerminal(t, "es-pass", "");
  assert.equal(ran.status, 2, ran.report);
  assert.match(ran.stdout, /es-pass: reads records on stdin: pipe another step into it, or < FILE/);
});

test("a full disk behind stdout is said, and ends nothing that runs", async (t) => {
  const log = join(scratch(t), "log");
  const file = join(scratch(t), "records");
  writeFileSync(
    file,
    hosts(3, (i) => ({ ms: i * 300 })),
  );
  const script = `"$0" "$1" --log "$2" <"$3" >/dev/full`;
  const ran = await program("bash", ["-c", script, process.execPath, fileOf("es-work") ?? "", log, file]);
  assert.equal(ran.status, 1, ran.report);
  assert.match(ran.stderr, /ENOSPC.*not written are the records of: h0, h1, h2/, ran.report);
  assert.equal(readFileSync(log, "utf8").match(/^end /gm)?.length, 3, ran.report);
});
