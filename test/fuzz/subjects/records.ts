// Records on stdin, and what shows them.

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { type FieldName, fields, wrongField } from "../../../lib/base/schema.js";
import { renderHtml } from "../../../lib/report/html.js";
import { renderMarkdown } from "../../../lib/report/markdown.js";
import { summarise } from "../../../lib/report/summary.js";
import { renderHistory, renderStatus } from "../../../lib/status/table.js";
import { lastOfEach } from "../../../lib/stream/choice.js";
import { amend } from "../../../lib/stream/members.js";
import { type BadLine, type Line, longestLine, readRecords } from "../../../lib/stream/reader.js";
import { renderTable } from "../../../lib/stream/table.js";
import { checkPrintable, namesOfObjects, type Subject } from "../subject.js";

const names = Object.keys(fields) as FieldName[];

async function linesOf(chunks: Iterable<Buffer>): Promise<(Line | BadLine)[]> {
  const lines: (Line | BadLine)[] = [];
  for await (const line of readRecords(Readable.from(chunks, { objectMode: false }))) lines.push(line);
  return lines;
}

const told = (line: Line | BadLine) => [line.number, "problem" in line ? line.problem : line.text];

function* inPieces(input: Buffer): Generator<Buffer> {
  for (let at = 0; at < input.length; at += 1009) yield input.subarray(at, at + 1009);
}

/** A change of one member leaves all others as they came. */
function checkAmend({ text, record }: Line): void {
  const changed = JSON.parse(amend(text, { trace: [1], batch: undefined }));
  assert.deepEqual(changed.trace, [1]);
  assert.ok(!Object.hasOwn(changed, "batch"));
  for (const name of Object.keys(record))
    if (name !== "trace" && name !== "batch") {
      assert.ok(Object.hasOwn(changed, name), `${JSON.stringify(name)} is lost`);
      assert.equal(typeof changed[name], typeof record[name]);
    }
}

export const records: Subject = {
  name: "records",
  cases: 20_000,
  words: [
    ...["{", "}", "[", "]", ":", ",", "\n", "\r\n", '"', "\\", "null", "1e999", "-0", "12345678901234567890"],
    ...["\\u001b[2J", "\u009b31m", "\u202e", "\u2028", "\ud83d\ude00", "\\ud800", "\u001b]0;x\u0007", "\0"],
    ...[...names, ...namesOfObjects].map((name) => `"${name}":`),
    ...['{"a":', '"x"', "{}", "[]", "\ufeff", Buffer.of(0xff, 0xfe), Buffer.of(0xc3)],
  ],
  open: async () => ({
    async read(input) {
      const lines = await linesOf([input]);
      assert.deepEqual(
        (await linesOf(inPieces(input))).map(told),
        lines.map(told),
        "the cut of the chunks counts",
      );
      for (const line of lines)
        if ("problem" in line) assert.ok(line.problem.length < 1000, line.problem);
        else {
          assert.ok(Buffer.byteLength(line.text) <= longestLine);
          checkAmend(line);
          wrongField(line.record, names);
        }
      const good = lines.filter((line) => "record" in line);
      const rows = lastOfEach(good).map(({ record }) => record);
      const sound = rows.filter((record) => wrongField(record, names) === undefined);
      for (const text of [
        renderTable(rows),
        renderMarkdown(rows, summarise(rows, 0)),
        renderHtml(rows, summarise(rows, 0)),
        renderStatus(sound),
        renderHistory(sound),
      ])
        checkPrintable(text);
      return good.length > 0;
    },
  }),
};
