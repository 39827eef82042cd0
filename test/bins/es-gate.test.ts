import assert from "node:assert/strict";
import { test } from "node:test";
import { expectStatus, recordsOf, shell } from "../lab/program.js";

const error = { step: "es-pip", code: "pip-failed", message: "no" };

/** Records of so many hosts, of which the first ones failed and the last ones never came. */
const hosts = (count: number, failed: number, missing = 0) =>
  Array.from({ length: count - missing }, (_, i) => {
    const record = { host: `h${i}`, batch: { id: "b", size: count }, ...(i < failed && { error }) };
    return `${JSON.stringify(record)}\n`;
  }).join("");

const codes = (stdout: string) => recordsOf(stdout).map(({ error }) => error?.code ?? "ok");

const cases: [
  count: number,
  failed: number,
  missing: number,
  args: string[],
  status: number,
  open: boolean,
][] = [
  [3, 0, 0, [], 0, true],
  [3, 1, 0, [], 1, false],
  [3, 1, 0, ["--max-fail", "1"], 0, true],
  [3, 2, 0, ["--max-fail", "1"], 1, false],
  [10, 3, 0, ["--max-fail", "30%"], 0, true],
  // Rounded down.
  [9, 3, 0, ["--max-fail", "30%"], 1, false],
  [3, 3, 0, ["--max-fail", "100%"], 0, true],
  // What never came has failed.
  [3, 0, 1, [], 1, false],
  [4, 1, 1, ["--max-fail", "1"], 1, false],
  [4, 1, 1, ["--max-fail", "1", "--partial"], 0, true],
];

for (const [count, failed, missing, args, status, open] of cases)
  test(`of ${count} records ${failed} failed and ${missing} never came: es-gate ${args.join(" ")}`, async () => {
    const input = hosts(count, failed, missing);
    const ran = await expectStatus(status, "es-gate", args, { input });
    if (open) assert.equal(ran.stdout, input);
    else {
      const well = count - missing - failed;
      const expected = [...Array(failed).fill("pip-failed"), ...Array(well).fill("gate-closed")];
      assert.deepEqual(codes(ran.stdout), expected, ran.report);
      for (const record of recordsOf(ran.stdout).slice(failed)) {
        assert.equal(record.trace[0].code, "gate-closed");
        assert.equal(record.trace[0].changed, false);
      }
      assert.match(ran.stderr, new RegExp(`^es-gate: the gate is closed: ${failed} of ${count} failed`, "m"));
    }
  });

test("a closed gate is told in one line, which names those that failed", async () => {
  const { stderr } = await expectStatus(1, "es-gate", [], { input: hosts(20, 2) });
  assert.equal(
    stderr,
    "es-gate: the gate is closed: 2 of 20 failed, --max-fail allows 0 (h0, h1); 18 that were well go no further\n",
  );
});

test("malformed input closes the gate", async () => {
  const ran = await expectStatus(2, "es-gate", [], { input: `${hosts(2, 0)}nonsense\n` });
  assert.deepEqual(codes(ran.stdout), ["not-attempted", "not-attempted"]);
});

test("nothing at all is a failure, unless it is allowed", async () => {
  assert.match((await expectStatus(1, "es-gate", [])).stderr, /nothing to do/);
  await expectStatus(0, "es-gate", ["--allow-empty"]);
});

test("nothing goes on before all have come", async () => {
  const ran = await shell(
    `{ echo '{"host":"a"}'; sleep 0.5; echo '{"host":"b"}'; echo late >&2; } | es-gate -q | { IFS= read -r line; echo "$line" >&2; cat; }`,
  );
  assert.equal(ran.stderr, 'late\n{"host":"a"}\n', ran.report);
  assert.equal(ran.stdout, '{"host":"b"}\n', ran.report);
});

test("no operands", async () => {
  await expectStatus(2, "es-gate", ["x"], { input: hosts(1, 0) });
});

test("a dry run binds the steps behind an open gate", async () => {
  const input = hosts(2, 1);
  const ran = await expectStatus(0, "es-gate", ["--dry-run", "--max-fail", "1"], { input });
  assert.deepEqual(
    recordsOf(ran.stdout).map(({ plan }) => plan),
    [undefined, true],
  );
});
