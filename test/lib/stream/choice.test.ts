import assert from "node:assert/strict";
import { test } from "node:test";
import { type Choice, isChosen, lastOfEach } from "../../../lib/stream/choice.js";

const error = { step: "s", code: "c", message: "m" };
const changed = (...values: unknown[]) => ({ trace: values.map((value) => ({ changed: value })) });

const cases: [record: Record<string, unknown>, choice: Choice, chosen: boolean][] = [
  [{}, {}, true],
  [{ error }, {}, true],
  [{ error }, { failed: true }, true],
  [{ error: null }, { failed: true }, false],
  [{}, { failed: true }, false],
  [{}, { failed: false }, true],
  [{ error }, { failed: false }, false],
  [changed(false, true, false), { changed: true }, true],
  [changed(false, "true", 1), { changed: true }, false],
  [{ trace: "changed" }, { changed: true }, false],
  [{ trace: [null] }, { changed: true }, false],
  [{ ...changed(true), error }, { changed: true, failed: false }, false],
  [{ roles: ["web", "db"] }, { roles: ["db"] }, true],
  [{ roles: ["web"] }, { roles: ["db", "web"] }, true],
  [{ roles: ["webs"] }, { roles: ["web"] }, false],
  [{ roles: "web" }, { roles: ["web"] }, false],
  [{}, { roles: ["web"] }, false],
];

for (const [record, choice, chosen] of cases)
  test(`${JSON.stringify(record)} is ${chosen ? "" : "not "}meant by ${JSON.stringify(choice)}`, () =>
    assert.equal(isChosen(record, choice), chosen));

test("of a host in several batches, the last one counts", () => {
  const records: Record<string, unknown>[] = [
    { host: "a", batch: { id: "1", size: 3 }, n: 0 },
    { host: "b", batch: { id: "1", size: 3 }, n: 1 },
    { host: "b", port: 23, batch: { id: "1", size: 3 }, n: 2 },
    { host: "b", venv: { name: "x", path: "/x" }, batch: { id: "2", size: 3 }, n: 3 },
    { host: "b", batch: { id: "2", size: 3 }, n: 4 },
    // The same batch means both.
    { host: "b", batch: { id: "2", size: 3 }, n: 5 },
  ];
  const lines = records.map((record, number) => ({ number, text: JSON.stringify(record), record }));
  assert.deepEqual(
    lastOfEach(lines).map(({ record }) => record.n),
    [0, 2, 3, 4, 5],
  );
});

test("records of releases are all different, and so are those without a batch", () => {
  const release = (version: string, id: string) => ({ project: "p", version, batch: { id, size: 1 } });
  const records: Record<string, unknown>[] = [
    release("1", "x"),
    release("2", "y"),
    { host: "a" },
    { host: "a" },
  ];
  const lines = records.map((record, number) => ({ number, text: JSON.stringify(record), record }));
  assert.equal(lastOfEach(lines).length, 4);
});
