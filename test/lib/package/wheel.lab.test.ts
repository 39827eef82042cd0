import assert from "node:assert/strict";
import { appendFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ReleaseFile } from "../../../lib/base/schema.js";
import { noSource } from "../../../lib/package/pip.js";
import { buildWheels, checkFile } from "../../../lib/package/wheel.js";
import { pipOn } from "../../../lib/pip-run.js";
import { normalVersion } from "../../../lib/version/pep440.js";
import { localBuildHost } from "../../lab/local.js";
import { scratch } from "../../lab/program.js";
import { backend, packed, selfBuilding } from "../../lab/sdist.js";

const run = pipOn(localBuildHost);
const { signal } = new AbortController();

test("a wheel of the right name and version is built, any other is none", async (t) => {
  const build = async (filename: string, first?: string) => {
    const { files, released } = await packed(t, selfBuilding(backend(filename, first)));
    const out = join(scratch(t), "out");
    const request = {
      sdist: files[0],
      released,
      out,
      python: "/usr/bin/python3",
      wheel: undefined,
      source: noSource,
      isolated: false,
      closure: undefined,
      normalVersion,
      explain: async () => {},
    };
    return { out, built: buildWheels(request, run, { signal }) };
  };
  const epoch = Date.UTC(2026, 10, 21, 8) / 1000;
  const right = await build(
    "Essay_Demo-6.11.21.1-py3-none-any.whl",
    `assert os.environ["SOURCE_DATE_EPOCH"] == "${epoch}"`,
  );
  const [built, ...more] = await right.built;
  assert.deepEqual([built?.changed, more], [true, []]);
  const file = built?.file as ReleaseFile;
  assert.deepEqual([file.kind, file.name, file.version], ["wheel", "essay_demo", "6.11.21.1"]);
  assert.deepEqual(readdirSync(right.out), [file.filename]);
  await checkFile(file);
  appendFileSync(file.path, "x");
  await assert.rejects(checkFile(file), { code: "file-changed" });

  const other = await build("essay_demo-6.11.21.1.post1-py3-none-any.whl");
  await assert.rejects(other.built, {
    code: "wrong-version",
    message: /which is not of version 6\.11\.21\.1/,
  });
});
