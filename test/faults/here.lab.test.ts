// What programs do on this machine goes wrong: a few of the many cases that `npm run test:faults` tries.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type LabIndex, startIndex } from "../lab/index.js";
import { tiny } from "../lab/tiny.js";
import { nameOf, soundRun, tryHere } from "./here.js";
import { makeJobs } from "./jobs.js";
import { describe } from "./verdict.js";

let folder: string;
let index: LabIndex;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "essay-jobs-"));
  index = await startIndex({ empty: true });
  tiny(index.directory);
});
after(async () => {
  await index?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Cases by what stands in their names. */
const sample = [
  /^es-report .*act 1 .*(in the middle|disk full)$/,
  /^es-report .*act 2 .*killed before$/,
  /^es-sdist .*act 5 .*in the middle$/,
  /^es-roll .*act 2 .*killed before$/,
  /^es-session .*act 3 .*killed before$/,
  /^es-import .*act 4 .*killed before$/,
  /^es-upload.*exchange 3 .*cut after$/,
  /^es-version .*tiny, .*cut in the middle$/,
];

test("programs are killed, or meet a full disk or a bad index: nothing is torn, and the rerun does it", async () => {
  const chosen = [];
  const programs = sample.map((pattern) => /[\w-]+/.exec(pattern.source)?.[0] ?? "");
  for (const job of (await makeJobs(folder, index.url)).filter(({ name }) =>
    programs.some((program) => name.startsWith(program)),
  )) {
    const sound = await soundRun(job);
    for (const point of sound.points)
      if (sample.some((pattern) => pattern.test(nameOf(point)))) chosen.push({ point, sound });
  }
  assert.equal(chosen.length, sample.length + 1, chosen.map(({ point }) => nameOf(point)).join("\n"));
  const verdicts = await Promise.all(chosen.map(({ point, sound }) => tryHere(point, sound)));
  const wrong = verdicts.filter((verdict) => verdict.wrong.length > 0);
  assert.deepEqual(wrong, [], wrong.map(describe).join("\n"));
});
