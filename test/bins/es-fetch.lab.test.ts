import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { type LabIndex, startIndex } from "../lab/index.js";
import { expectStatus, recordsOf, scratch, shell } from "../lab/program.js";
import { plainSdist } from "../lab/sdist.js";
import { tiny } from "../lab/tiny.js";
import { web } from "../lab/web.js";

let index: LabIndex;
before(async () => {
  index = await startIndex();
  tiny(index.directory, "1.0");
  tiny(index.directory, "1.0+fixbug");
  tiny(index.directory, "1.1");
  tiny(index.directory, "1.0", "needs", "", ["Requires-Dist: tiny>=1.0,<1.1,!=1.0+fixbug"]);
});
after(() => index.stop());

/** Runs es-fetch; what it puts there, and leaves behind. */
async function fetch(
  t: TestContext,
  args: readonly string[],
  { status = 0, env = {}, from = index.url } = {},
) {
  const cwd = scratch(t);
  const temporary = scratch(t);
  const ran = await expectStatus(status, "es-fetch", from ? [...args, "--from", from] : args, {
    cwd,
    env: { HOME: cwd, TMPDIR: temporary, ESSAY_INDEX: "http://127.0.0.1:1/simple/", ...env },
  });
  assert.deepEqual(readdirSync(temporary), [], "nothing stays behind");
  const dist = join(cwd, "dist");
  return { ...ran, dist, kept: existsSync(dist) ? readdirSync(dist) : [], record: recordsOf(ran.stdout)[0] };
}

async function refused(t: TestContext, args: readonly string[], message: RegExp, more = {}) {
  const ran = await fetch(t, args, { status: 1, ...more });
  assert.match(ran.stderr, message);
  assert.deepEqual([ran.stdout, ran.kept], ["", []]);
  return ran;
}

test("wheels and sdists come as one record, are kept once, and go on to another index", async (t) => {
  plainSdist(scratch(t), index.directory, "onlysdist");
  const cwd = scratch(t);
  const other = join(cwd, "other");
  const env = { HOME: cwd, ESSAY_INDEX: "" };
  const pipeline = `es-fetch tiny==1.0 onlysdist --from ${index.url} | es-index ${other} -- sh -c 'es-upload --index "$ESSAY_INDEX"'`;
  const ran = await shell(`set -o pipefail; ${pipeline}`, { cwd, env });
  assert.equal(ran.status, 0, ran.report);
  const [record] = recordsOf(ran.stdout);
  assert.deepEqual(
    record.files.map(({ filename, kind, name, version }: Record<string, string>) => [
      filename,
      kind,
      name,
      version,
    ]),
    [
      ["onlysdist-1.0.tar.gz", "sdist", "onlysdist", "1.0"],
      ["tiny-1.0-py3-none-any.whl", "wheel", "tiny", "1.0"],
    ],
  );
  for (const { path, filename, size, sha256 } of record.files) {
    const bytes = readFileSync(path);
    assert.deepEqual([size, sha256], [bytes.length, createHash("sha256").update(bytes).digest("hex")]);
    assert.ok(bytes.equals(readFileSync(join(index.directory, filename))));
    assert.ok(bytes.equals(readFileSync(join(other, filename))));
  }
  const written = statSync(record.files[1].path).mtimeMs;
  const again = await expectStatus(0, "es-fetch", ["tiny==1.0", "--from", index.url], { cwd, env });
  assert.match(again.stderr, /^tiny-1\.0-py3-none-any\.whl {2}es-fetch {2}there already, the same/m);
  assert.deepEqual(recordsOf(again.stdout), [{ project: "tiny", version: "1.0", files: [record.files[1]] }]);
  assert.equal(statSync(record.files[1].path).mtimeMs, written);
});

test("with what they depend on; a requirements file; a label", async (t) => {
  const deps = await fetch(t, ["needs", "--deps"]);
  assert.deepEqual(deps.kept, ["needs-1.0-py3-none-any.whl", "tiny-1.0-py3-none-any.whl"]);
  assert.deepEqual([deps.record.project, deps.record.version], ["needs", "1.0"]);
  const file = join(scratch(t), "requirements.txt");
  writeFileSync(file, "# all\nneeds\n");
  const listed = await fetch(t, ["-r", file, "tiny==1.0-fixbug"]);
  assert.deepEqual(listed.kept, ["needs-1.0-py3-none-any.whl", "tiny-1.0+fixbug-py3-none-any.whl"]);
  assert.match(listed.stderr, /es-fetch: 1\.0-fixbug is read as 1\.0\+fixbug/);
});

test("without --from it is the index that pip takes by itself, whatever is configured", async (t) => {
  // A pip with another default than the public index.
  const bin = scratch(t);
  const origin = new URL(index.url).origin;
  writeFileSync(
    join(bin, "other_pip.py"),
    `import sys\nimport pip._internal.models.index as models\nmodels.PyPI = models.PackageIndex("${origin}/", "none")\nfrom pip._internal.cli.main import main\nsys.exit(main())\n`,
  );
  const python = join(bin, "python");
  writeFileSync(
    python,
    `#!/bin/sh\nif [ "$2" = pip ]; then shift 2; exec /usr/bin/python3 ${join(bin, "other_pip.py")} "$@"; fi\nexec /usr/bin/python3 "$@"\n`,
  );
  chmodSync(python, 0o755);
  const config = join(bin, "pip.conf");
  writeFileSync(config, "[global]\nindex-url = http://127.0.0.1:1/simple/\n");
  const env = { PIP_CONFIG_FILE: config, PIP_INDEX_URL: "http://127.0.0.1:1/simple/" };
  const ran = await fetch(t, ["tiny==1.1", "--python", python], { env, from: "" });
  assert.deepEqual(ran.kept, ["tiny-1.1-py3-none-any.whl"]);
  assert.match(ran.stderr, new RegExp(`fetched from ${origin}/simple`));
});

/** An index with one wheel of tiny 1.0; what it says of it, to us and to pip. */
async function odd(
  t: TestContext,
  page: (who: "pip" | "essay", sha256: string) => string,
  serve?: (bytes: Buffer, response: ServerResponse) => void,
): Promise<string> {
  const bytes = readFileSync(join(index.directory, "tiny-1.0-py3-none-any.whl"));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const origin = await web(t, (request: IncomingMessage, response) => {
    if (request.url?.endsWith(".whl")) return serve ? serve(bytes, response) : void response.end(bytes);
    const who = request.headers["user-agent"]?.startsWith("pip/") ? "pip" : "essay";
    response.setHeader("content-type", "text/html");
    response.end(`<!DOCTYPE html><html><body><h1>Links for tiny</h1>${page(who, sha256)}</body></html>`);
  });
  return `${origin}/simple/`;
}
const link = (fragment: string, attributes = "") =>
  `<a href="/tiny-1.0-py3-none-any.whl${fragment}" ${attributes}>tiny-1.0-py3-none-any.whl</a>`;

test("a file that is not what the index lists is not kept", async (t) => {
  const from = await odd(t, (who, sha256) => link(`#sha256=${who === "pip" ? sha256 : "0".repeat(64)}`));
  await refused(t, ["tiny"], /hash-mismatch: tiny-1\.0-py3-none-any\.whl came with other bytes than http/, {
    from,
  });
  const stale = await odd(t, () => link(`#sha256=${"0".repeat(64)}`));
  await refused(
    t,
    ["tiny"],
    /hash-mismatch: pip cannot .*: tiny-1\.0-py3-none-any\.whl on the index has other bytes/,
    { from: stale },
  );
});

test("an index that lists no hash, and a file that is yanked: it is said", async (t) => {
  const from = await odd(t, () => link("", 'data-yanked="bad"'));
  const ran = await fetch(t, ["tiny==1.0"], { from });
  assert.deepEqual(ran.kept, ["tiny-1.0-py3-none-any.whl"]);
  assert.match(
    ran.stderr,
    /es-fetch: http.* tells no SHA-256 of tiny-1\.0-py3-none-any\.whl: it is as pip got it/,
  );
  assert.match(ran.stderr, /es-fetch: tiny-1\.0-py3-none-any\.whl is yanked on http/);
});

test("a truncated file is not kept, whether the index knows its hash or not", async (t) => {
  const half = (bytes: Buffer, response: ServerResponse) => void response.end(bytes.subarray(0, 400));
  const known = await odd(t, (_, sha256) => link(`#sha256=${sha256}`), half);
  await refused(t, ["tiny"], /hash-mismatch: .*tiny-1\.0-py3-none-any\.whl/, { from: known });
  const unknown = await odd(t, () => link(""), half);
  await refused(t, ["tiny"], /(download-failed|bad-archive): .*tiny/, { from: unknown });
});

test("what the index does not have, or does not go together, is told", async (t) => {
  await refused(t, ["tiny==9"], /version-not-found: no tiny 9 on http.* \(latest is 1\.1\)/);
  await refused(t, ["tiny", "nosuchthing"], /version-not-found: no nosuchthing on http/);
  await refused(
    t,
    ["tiny>=7"],
    /version-not-found: pip cannot .* the index has no tiny>=7 for this Python \(it has /,
  );
  await refused(
    t,
    ["needs", "tiny==1.1", "--deps"],
    /conflict: .*do not go together: .*needs 1\.0 depends on tiny/,
  );
});

test("an index that cannot be asked, and interpreters that cannot fetch", async (t) => {
  await refused(t, ["tiny"], /refused: cannot reach http:\/\/127\.0\.0\.1:1\/simple\/tiny\//, {
    from: "http://127.0.0.1:1/simple/",
  });
  const guarded = await web(t, (_, response) => void response.writeHead(401).end());
  await refused(t, ["tiny"], /auth-failed: .* wants a user name and password/, {
    from: `${guarded}/simple/`,
  });
  await refused(t, ["tiny", "--python", "python9"], /no-program: there is no python9/);
  const silent = await web(t, () => {});
  await refused(t, ["tiny", "--timeout", "0.5"], /timeout: es-fetch did not end within 0\.5 s/, {
    from: `${silent}/simple/`,
  });
});

test("mistakes of the command line", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "bad.txt"), "tiny\n--extra-index-url http://x/\n");
  for (const [args, message] of [
    [[], /say what to fetch: NAME==VERSION, or -r FILE/],
    [["./tiny"], /"\.\/tiny" is neither NAME nor NAME with versions/],
    [["tiny==1.0\n--index-url http://x/"], /is neither NAME/],
    [["tiny", "--from", "nosuch"], /nosuch is neither the URL of an index nor the name of one/],
    [["-r", "no.txt"], /cannot read .*no\.txt: ENOENT/],
    [["-r", "bad.txt"], /bad\.txt, line 2: "--extra-index-url http:\/\/x\/" is neither a requirement/],
  ] as const) {
    const ran = await expectStatus(2, "es-fetch", args, { cwd });
    assert.match(ran.stderr, message);
  }
  assert.deepEqual(readdirSync(cwd), ["bad.txt"]);
});

test("a dry run looks and fetches nothing, and later steps are in it", async (t) => {
  const ran = await fetch(t, ["tiny==1.0", "--dry-run"]);
  assert.deepEqual([ran.record, ran.kept], [{ project: "tiny", plan: true }, []]);
  assert.match(ran.stderr, /tiny===1\.0 {2}es-fetch {2}dry run: would be fetched from http/);
  await refused(t, ["tiny==9", "--dry-run"], /version-not-found/);
});
