// `es-version next -- COMMAND` against a real es-index, with a real pipeline behind it.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { recordsOf, scratch, shell } from "../lab/program.js";
import { repository } from "../lab/repository.js";

const builders = 20;

// Odd builders have a folder of their own for what they build; even ones share one.
const script = `
  for i in $(seq ${builders}); do
    if [ $((i % 2)) = 1 ]; then out=own.$i; else out=dist; fi
    (
      es-version next --project essay_demo -- sh -c 'es-sdist --branch master --repo "$1" --out "$2" | es-upload --new' \\
        build "$REPO" "$out" >record.$i 2>said.$i
      echo $? >status.$i
    ) &
  done
  wait
  es-version list --project essay_demo >listed
`;

test("20 builders of one project, all at once, end with 20 versions: none lost, none torn", async (t) => {
  const cwd = scratch(t);
  const repo = await repository(t);
  const env = { REPO: repo.directory };
  const ran = await shell(`es-index files -- bash -c '${script.replaceAll("'", `'\\''`)}'`, {
    cwd,
    env,
    limit: 400_000,
  });
  assert.equal(ran.status, 0, ran.report);
  const read = (name: string) => readFileSync(join(cwd, name), "utf8");
  const said = Array.from({ length: builders }, (_, i) => read(`said.${i + 1}`)).join("");
  const versions: string[] = [];
  for (let i = 1; i <= builders; i++) {
    assert.equal(read(`status.${i}`), "0\n", read(`record.${i}`) + read(`said.${i}`));
    const [record] = recordsOf(read(`record.${i}`));
    versions.push(record.version);
    assert.deepEqual(
      record.uploaded.map(({ outcome }: { outcome: string }) => outcome),
      ["uploaded"],
      read(`record.${i}`),
    );
    const [file] = record.files;
    const bytes = readFileSync(join(cwd, "files", file.filename));
    assert.equal(createHash("sha256").update(bytes).digest("hex"), file.sha256, read(`said.${i}`));
  }
  assert.equal(new Set(versions).size, builders, `${versions.join(" ")}\n${said}`);
  const listed = recordsOf(read("listed")).map(({ version }) => version);
  assert.deepEqual([...versions].sort(), [...listed].sort(), said);
  assert.equal(readdirSync(join(cwd, "files")).filter((name) => !name.startsWith(".")).length, builders);
  assert.match(said, /was taken by another builder meanwhile/);
});
