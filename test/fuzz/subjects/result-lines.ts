// What scripts on hosts write: result lines, with bytes between them.

import assert from "node:assert/strict";
import { ByteReader, EndOfBytes } from "../../../lib/base/bytes.js";
import { Lines } from "../../../lib/base/lines.js";
import { hideCredentials } from "../../../lib/base/url.js";
import { Results } from "../../../lib/remote/results.js";
import { parseProcesses } from "../../../lib/supervisor/processes.js";
import { ScriptOutput } from "../../../lib/transport/script-output.js";
import { namesOfObjects, type Subject, unlessRefused } from "../subject.js";

const names = ["process", "path", "error-code", "history", ...namesOfObjects];

function resultsOf(input: Buffer, step: number): Results {
  const results = new Results();
  for (let at = 0; at < input.length; at += step) results.push(input.subarray(at, at + step));
  return results;
}

async function* inPieces(input: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < input.length; at += 997) yield input.subarray(at, at + 997);
}

/** Reads results to the end; whoever writes the end of it says what it is. */
async function readAll(input: Buffer): Promise<void> {
  const output = new ScriptOutput(inPieces(input), new Results());
  const bytes = new ByteReader(inPieces(input));
  for (const read of [() => output.result(), () => bytes.line()])
    await unlessRefused(async () => {
      for (;;) await read();
    }).catch((error) => assert.ok(error instanceof EndOfBytes, error));
}

const escaped = (value: string) =>
  value.replaceAll("\\", "\\\\").replaceAll("\t", "\\t").replaceAll("\n", "\\n");

export const resultLines: Subject = {
  name: "result-lines",
  cases: 20_000,
  words: [
    ...names.map((name) => `${name}\t`),
    ...[
      "\n",
      "\t",
      "\\",
      "\\n",
      "\\t",
      "a RUNNING 1 2\n",
      "https://u:p@h/",
      "://",
      "a",
      "\u001b[2J",
      "é",
      "\0",
      "\r",
    ],
    ...[Buffer.of(0xff), Buffer.of(0xe2, 0x82), "x".repeat(5000)],
  ],
  open: async () => ({
    async read(input) {
      const whole = resultsOf(input, input.length + 1);
      const cut = resultsOf(input, 7);
      for (const name of names)
        assert.deepEqual(cut.all(name), whole.all(name), "the cut of the bytes counts");
      await readAll(input);
      parseProcesses(whole.all("process"));
      const text = input.toString("utf8");
      const again = new Results();
      again.push(Buffer.from(`it\t${escaped(text)}\n`));
      assert.equal(again.get("it"), text, "a value does not come back");
      const lines: string[] = [];
      const taker = new Lines((line) => lines.push(line));
      for (const piece of text.split(/(?<=[a-m])/)) taker.push(piece);
      taker.end();
      assert.equal(lines.join("\n"), text.replace(/\n$/, ""));
      assert.doesNotMatch(hideCredentials(text), /[a-z]:\/\/u:p@/i);
      return names.some((name) => whole.all(name).length > 0);
    },
  }),
};
