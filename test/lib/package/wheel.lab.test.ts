import assert from "node:assert/strict";
import { appendFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildWheel, checkFile } from "../../../lib/package/wheel.js";
import { scratch } from "../../lab/program.js";
import { backend, packed, selfBuilding } from "../../lab/sdist.js";

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
      indexFlags: undefined,
      netrc: undefined,
      proxy: undefined,
      ca: undefined,
      isVersion: async (text: string) => text === "6.11.21.1",
    };
    return { out, built: buildWheel(request, { signal }) };
  };
  const epoch = Date.UTC(2026, 10, 21, 8) / 1000;
  const right = await build(
    "Essay_Demo-6.11.21.1-py3-none-any.whl",
    `assert os.environ["SOURCE_DATE_EPOCH"] == "${epoch}"`,
  );
  const { file, changed } = await right.built;
  assert.equal(changed, true);
  assert.deepEqual([file.kind, file.name, file.version], ["wheel", "essay_demo", "6.11.21.1"]);
  assert.deepEqual(readdirSync(right.out), [file.filename]);
  await checkFile(file);
  appendFileSync(file.path, "x");
  await assert.rejects(checkFile(file), { code: "hash-mismatch" });

  const other = await build("essay_demo-6.11.21.1.post1-py3-none-any.whl");
  await assert.rejects(other.built, {
    code: "wrong-version",
    message: /which is not of version 6\.11\.21\.1/,
  });
});
