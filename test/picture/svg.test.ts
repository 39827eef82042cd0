// The picture that README.md shows is what the script makes of the run that was kept.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { expectStatus } from "../lab/program.js";
import { framesOf, recordingIn } from "./recording.js";
import { picture, pictureOfRun } from "./svg.js";

const kept = (file: string) =>
  readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), "utf8");

/** What Python's reader of XML says of a text, which must be well-formed: its elements by their names. */
async function elements(svg: string): Promise<Record<string, number>> {
  const script =
    "import collections, json, sys, xml.etree.ElementTree as e; print(json.dumps(collections.Counter(x.tag.split('}')[1] for x in e.parse(sys.stdin).iter())))";
  return JSON.parse((await expectStatus(0, "python3", ["-c", script], { input: svg })).stdout);
}

test("the kept picture is that of the kept run, well-formed, small, and has words for whoever cannot see it", async () => {
  const svg = kept("test/picture/run.svg");
  assert.equal(svg, pictureOfRun(kept("test/picture/run.cast")), "run: node dist/test/picture/run.js again");
  const { title, desc, script } = await elements(svg);
  assert.deepEqual([title, desc, script], [1, 1, undefined]);
  assert.ok(svg.length < 60_000, `it has ${svg.length} bytes`);
  for (const readme of ["README.md", "README.zh.md"])
    assert.match(kept(readme), /^!\[.{20,}\]\(test\/picture\/run\.svg\)$/m, readme);
});

test("the kept run is one that fails for a host, says how to go on, and then does", () => {
  const frames = framesOf(recordingIn(kept("test/picture/run.cast")));
  const shown = frames.map(({ lines }) =>
    lines.map((runs) => runs.map(({ text }) => text).join("")).join("\n"),
  );
  assert.match(shown.at(-1) ?? "", /1 failed, 2 done.*to go on with .*: es deploy --retry.*\n1 done, /s);
});

test("text is data, stands where it stood, and moves only for those who want that", async () => {
  const line = [
    { text: "  a<b &   x ", isRed: false },
    { text: "c ]]>", isRed: true },
  ];
  const frames = [
    { seconds: 0, lines: [line] },
    { seconds: 9, lines: [line, []] },
  ];
  const svg = picture(frames, { title: "<x>", description: "d", columns: 20 });
  const { use, text } = await elements(svg);
  assert.deepEqual([use, text], [2, 3], "a line that stays is written once");
  assert.match(
    svg,
    /<text x="16" textLength="40">a&lt;b &amp;<\/text><text x="80" textLength="8">x<\/text><text x="96" textLength="40" class="red">/,
  );
  assert.match(svg, /@media \(prefers-reduced-motion:reduce\)\{\.strip\{animation:none\}\}/);
  assert.match(
    svg,
    /@keyframes film\{0\.00%\{transform:translateY\(0px\)\}10\.71%\{transform:translateY\(-36px\)\}/,
  );
});
