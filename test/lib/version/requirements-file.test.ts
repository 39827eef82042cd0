import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { readRequirements } from "../../../lib/version/requirements-file.js";
import { scratch } from "../../lab/program.js";

function files(t: TestContext, texts: Record<string, string>): string {
  const folder = scratch(t);
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  return folder;
}

test("requirements, comments, hashes, markers, choices and other files", async (t) => {
  const hash = `--hash=sha256:${"a".repeat(64)}`;
  const folder = files(t, {
    "a.txt": `\uFEFF# all\r\nDjango==4.2  # web\n\ntornado\\\n  >= 6, <7\nx[y]==1.0 \\\n    ${hash} ${hash}\nz; python_version < "3"\n--pre\n--only-binary :all:\n-r b.txt\n-c c.txt\n`,
    "b.txt": "b~=1.0\n--constraint=c.txt\n",
    "c.txt": "c<2\n",
  });
  assert.deepEqual(await readRequirements(join(folder, "a.txt")), {
    lines: [
      "Django==4.2",
      "tornado   >= 6, <7",
      `x[y]==1.0      ${hash} ${hash}`,
      'z; python_version < "3"',
      "--pre",
      "--only-binary :all:",
      "b~=1.0",
    ],
    constraints: ["c<2", "c<2"],
    projects: ["Django", "tornado", "x", "b"],
  });
});

test("lines that say from where, and what is no requirement, are refused by file and line", async (t) => {
  for (const line of [
    "--index-url http://x/",
    "-i http://x/",
    "--extra-index-url=http://x/",
    "--find-links .",
    "--trusted-host x",
    "-e .",
    "./a.whl",
    "a @ http://x/a.whl",
    "http://x/a.whl",
    "git+https://x/a",
    "a==1.0 --index-url http://x/",
    "a ==",
    `\${TOKEN}`,
  ]) {
    const folder = files(t, { "r.txt": `ok\n${line}\n` });
    const file = join(folder, "r.txt");
    await assert.rejects(readRequirements(file), (error: Error) => {
      assert.ok(error instanceof UsageError && error.message.startsWith(`${file}, line 2: `), error.message);
      // Several programs read such files, and name the index by flags of their own.
      assert.doesNotMatch(error.message.replace(/".*"/, ""), /--/);
      return true;
    });
  }
  const folder = files(t, { "a.txt": "-r b.txt", "b.txt": "-r a.txt" });
  await assert.rejects(readRequirements(join(folder, "a.txt")), /a\.txt includes itself/);
  await assert.rejects(readRequirements(join(folder, "no.txt")), /cannot read .*no\.txt: ENOENT/);
});
