import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { noSource } from "../../lib/package/pip.js";
import { pipOn } from "../../lib/pip-run.js";
import { localBuildHost } from "../lab/local.js";
import { scratch } from "../lab/program.js";
import { tiny } from "../lab/tiny.js";

const run = pipOn(localBuildHost);
const idle = { command: "wheel", source: noSource, args: [] };
const { signal } = new AbortController();

/** A python whose pip is a piece of sh. */
function python(t: TestContext, script: string): string {
  const path = join(scratch(t), "python");
  writeFileSync(path, `#!/bin/sh\n[ "$1" != -c ] || exit 0\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test("pip runs in a folder of its own, and what it made comes back", async (t) => {
  const [sdist] = tiny(scratch(t), "1.0");
  const into = scratch(t);
  const shown: string[] = [];
  const ca = join(scratch(t), "ca.pem");
  writeFileSync(ca, "a certificate\n");
  const seen =
    'echo "$*"; pwd; cat pins.txt authorities.pem "$NETRC"; stat -c %a "$NETRC"; ls; env | grep -E "^(PIP_|SOURCE|TMPDIR|https_proxy)" | sort; cp tiny-1.0.tar.gz files/a.tar.gz; printf x >files/b';
  const job = {
    python: python(t, seen),
    command: "wheel",
    source: { flags: ["--cert", ca], netrc: "machine a\n", proxy: "http://me:secret@p/", ca },
    args: ["a b", "./tiny-1.0.tar.gz"],
    texts: { "pins.txt": "it's a pin\n" },
    file: sdist as NonNullable<typeof sdist>,
    epoch: 5,
  };
  const ended = await run(job, into, { signal, show: (text) => void shown.push(text) });
  assert.deepEqual([ended.ok, ended.details.exit], [true, 0], ended.log);
  assert.deepEqual(readdirSync(into), ["a.tar.gz", "b"]);
  assert.ok(readFileSync(join(into, "a.tar.gz")).equals(readFileSync(job.file.path)));
  const [, folder = "", ...lines] = ended.log.trimEnd().split("\n");
  assert.match(ended.log, /^-m pip wheel --cert authorities\.pem a b \.\/tiny-1\.0\.tar\.gz\n/);
  assert.deepEqual(lines, [
    "it's a pin",
    "a certificate",
    "machine a",
    "600",
    "authorities.pem",
    "files",
    "pins.txt",
    "tiny-1.0.tar.gz",
    `PIP_CERT=${folder}/authorities.pem`,
    "PIP_CONFIG_FILE=/dev/null",
    "PIP_NO_CACHE_DIR=1",
    "PIP_NO_INPUT=1",
    "SOURCE_DATE_EPOCH=5",
    `TMPDIR=${dirname(folder)}/tmp`,
    "https_proxy=http://me:secret@p/",
  ]);
  assert.equal(shown.join(""), ended.log);
});

test("pip that fails gives its output and no files; interpreters without pip are named", async (t) => {
  const into = scratch(t);
  const failing = python(t, "printf x >files/b; seq 2000; echo no luck >&2; exit 3");
  const ended = await run({ ...idle, python: failing }, into, { signal });
  assert.deepEqual([ended.ok, ended.details.exit, readdirSync(into)], [false, 3, []]);
  assert.match(ended.log, /^1\n2\n[\s\S]*\nno luck\n$/);
  assert.ok(Buffer.byteLength(ended.details.stderr ?? "") <= 4096);
  assert.match(ended.details.stderr ?? "", /no luck\n$/);
  await assert.rejects(run({ ...idle, python: "python9" }, into, { signal }), { code: "no-program" });
  const bare = python(t, "");
  writeFileSync(bare, "#!/bin/sh\nexit 1\n");
  await assert.rejects(run({ ...idle, python: bare }, into, { signal }), { code: "no-pip" });
});

test("the interpreter may be named from the home or from the folder where a script begins; what lies about is no pip", async (t) => {
  const home = scratch(t);
  writeFileSync(
    join(home, "python"),
    `#!/bin/sh\n[ "$1" != -c ] || { [ "$PWD" != ${home} ]; exit; }\necho "it is $0"\n`,
  );
  chmodSync(join(home, "python"), 0o755);
  const before = [process.cwd(), process.env.HOME] as const;
  t.after(() => {
    process.chdir(before[0]);
    process.env.HOME = before[1];
  });
  process.chdir(home);
  process.env.HOME = home;
  for (const python of ["~/python", "./python"]) {
    const ended = await run({ ...idle, python }, scratch(t), { signal });
    assert.match(ended.log, /^it is \/.*\/python$/m);
  }
});
