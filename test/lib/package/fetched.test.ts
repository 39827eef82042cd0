import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import { defaultIndex, fetchFiles } from "../../../lib/package/fetched.js";
import { noSource, type PipJob, type RunPip } from "../../../lib/package/pip.js";
import { normalVersion } from "../../../lib/version/pep440.js";
import { scratch } from "../../lab/program.js";
import { tiny } from "../../lab/tiny.js";

const { signal } = new AbortController();
const said =
  (log: string): RunPip =>
  async () => ({ ok: true, where: undefined, log, details: {} });

test("files are kept when every one of them passes, and pip gets what it needs", async (t) => {
  const out = join(scratch(t), "out");
  const jobs: PipJob[] = [];
  const run: RunPip = async (job, into) => {
    jobs.push(job);
    tiny(into, "1.0");
    tiny(into, "2.0", "Other");
    return { ok: true, where: undefined, log: "", details: {} };
  };
  const request = {
    lines: ["tiny==1.0", "--pre"],
    constraints: ["other<3"],
    closure: true,
    out,
    python: "python3",
    source: noSource,
    normalVersion,
    check: async ({ name }: { name: string }) => {
      if (name === "tiny") throw new Failure("hash-mismatch", "other bytes");
    },
  };
  await assert.rejects(fetchFiles(request, run, { signal }), { code: "hash-mismatch" });
  assert.ok(!existsSync(out));
  const fine = { ...request, constraints: [], closure: false, check: async () => {} };
  const files = await fetchFiles(fine, run, { signal });
  assert.deepEqual(
    files.map(({ file, changed }) => [file.filename, file.kind, file.name, file.version, changed]),
    [
      ["Other-2.0-py3-none-any.whl", "wheel", "Other", "2.0", true],
      ["Other-2.0.tar.gz", "sdist", "Other", "2.0", true],
      ["tiny-1.0-py3-none-any.whl", "wheel", "tiny", "1.0", true],
      ["tiny-1.0.tar.gz", "sdist", "tiny", "1.0", true],
    ],
  );
  assert.deepEqual(readdirSync(out).length, 4);
  assert.ok((await fetchFiles(fine, run, { signal })).every(({ changed }) => !changed));
  const [first, second] = jobs;
  assert.deepEqual(first?.texts, {
    "requirements.txt": "tiny==1.0\n--pre\n",
    "constraints.txt": "other<3\n",
  });
  assert.ok(!first?.args.includes("--no-deps") && first?.args.includes("constraints.txt"));
  assert.ok(second?.args.includes("--no-deps") && !second.args.includes("constraints.txt"));
  await assert.rejects(fetchFiles(request, said(""), { signal }), { code: "download-failed" });
});

test("the index that pip takes by itself stands in its help", async () => {
  const help =
    "  -i, --index-url <url>       Base URL of the Index (default\n        http://pypi.example/simple). This should\n  --x (default http://no/)\n";
  assert.equal(await defaultIndex("python3", said(help), { signal }), "http://pypi.example/simple");
  assert.equal(await defaultIndex("python3", said("no help"), { signal }), undefined);
});
