import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ReleaseFile } from "../../lib/base/schema.js";
import { published } from "../lab/index.js";
import { expectStatus, program, recordsOf } from "../lab/program.js";
import { release } from "../lab/release.js";
import { tiny } from "../lab/tiny.js";
import { nobody, web } from "../lab/web.js";

test("uploads wheels before sdists, and finds all there the second time", async (t) => {
  const { store, files, record, asked, origin, input, options } = await release(t);
  const index = `${origin}/simple/`;
  const first = await expectStatus(0, "es-upload", ["--index", index], { ...options, input });
  const [sent] = recordsOf(first.stdout);
  const { trace, ...fields } = sent;
  const url = (file?: ReleaseFile) => `${origin}/files/${file?.filename}`;
  const [sdist, wheel] = files;
  const uploaded = [
    { filename: wheel?.filename, url: url(wheel), outcome: "uploaded" },
    { filename: sdist?.filename, url: url(sdist), outcome: "uploaded" },
  ];
  assert.deepEqual(fields, { ...record, index, uploaded });
  assert.equal(trace[0].changed, true);
  assert.match(
    first.stderr,
    /tiny 1\.0 {2}es-upload {2}tiny-1\.0-py3-none-any\.whl, tiny-1\.0\.tar\.gz uploaded/,
  );
  assert.deepEqual(published(store), files.map(({ filename }) => filename).sort());
  assert.equal(asked.filter((line) => line === "POST / 200").length, 2);

  const second = await expectStatus(0, "es-upload", ["--index", origin], { ...options, input: first.stdout });
  const [again] = recordsOf(second.stdout);
  assert.deepEqual(
    again.uploaded.map((each: { outcome: string }) => each.outcome),
    ["present", "present"],
  );
  assert.equal(again.trace[1].changed, false);
  assert.equal(again.index, index);
  const both = ["--index", index, "--new"];
  const third = await expectStatus(1, "es-upload", both, { ...options, input });
  assert.match(third.stderr, /already-exists: \S+ has tiny-1\.0\.tar\.gz already, with the same bytes/);
  // The files of a project that has this one as a dependency.
  const closure = `${JSON.stringify({ ...record, project: "other" })}\n`;
  await expectStatus(0, "es-upload", both, { ...options, input: closure });
  assert.equal(asked.filter((line) => line.startsWith("POST")).length, 2);
});

test("the index is found by flag, record, environment and configuration", async (t) => {
  const { cwd, origin, record, input, options, asked } = await release(t);
  const env = { ...options.env, ESSAY_INDEX: `${origin}/legacy/` };
  await expectStatus(0, "es-upload", ["--no-wait"], { cwd, env, input });
  assert.ok(asked.includes("POST /legacy/ 200"), asked.join("\n"));
  const named = `${JSON.stringify({ ...record, index: origin })}\n`;
  await expectStatus(0, "es-upload", [], { ...options, input: named });
  const nothing = await expectStatus(1, "es-upload", [], { ...options, input });
  assert.match(recordsOf(nothing.stdout)[0].error.message, /--index.*index.*ESSAY_INDEX.*essay\.toml/);
  writeFileSync(
    join(cwd, "essay.toml"),
    `[index]\nurl = "${origin}/simple/"\nupload = "${origin}/legacy/"\n[index.backup]\nurl = "${origin}/"\n`,
  );
  for (const args of [[], ["--index", "backup"]]) {
    const ran = await expectStatus(0, "es-upload", args, { ...options, input });
    assert.equal(recordsOf(ran.stdout)[0].index, `${origin}/simple/`);
  }
  const typo = await expectStatus(2, "es-upload", ["--index", "bakcup"], { ...options, input });
  assert.match(typo.stderr, /did you mean backup\?/);
  assert.equal(typo.stdout, "");
});

test("a dry run asks and sends nothing", async (t) => {
  const { store, origin, input, record, options } = await release(t);
  const ran = await expectStatus(0, "es-upload", ["--dry-run", "--index", origin], { ...options, input });
  assert.match(ran.stderr, /would upload tiny-1\.0-py3-none-any\.whl, tiny-1\.0\.tar\.gz/);
  assert.deepEqual(published(store), []);
  const planned = `${JSON.stringify({ ...record, files: undefined, plan: true })}\n`;
  await expectStatus(0, "es-upload", ["--index", origin], { ...options, input: planned });
  assert.deepEqual(published(store), []);
});

test("each record has its own outcome", async (t) => {
  const { cwd, store, files, record, origin, options } = await release(t);
  const [other] = tiny(join(cwd, "other"), "2.0") as [ReleaseFile];
  const [changed] = tiny(join(cwd, "changed"), "3.0") as [ReleaseFile];
  appendFileSync(changed.path, "more");
  writeFileSync(join(store, other.filename), "published before");
  const records = [
    { ...record, version: "0", error: { step: "es-wheel", code: "pip-failed", message: "" } },
    record,
    { project: "tiny", version: "2.0", files: [other] },
    { project: "tiny", version: "3.0", files: [changed] },
    { project: "tiny", version: "4.0" },
  ];
  const input = records.map((each) => `${JSON.stringify(each)}\n`).join("");
  const ran = await expectStatus(1, "es-upload", ["-k", "--index", origin], { ...options, input });
  const codes = recordsOf(ran.stdout).map((each) => each.error?.code ?? "ok");
  assert.deepEqual(codes, ["pip-failed", "ok", "already-exists", "file-changed", "no-files"]);
  assert.equal(recordsOf(ran.stdout)[0].trace, undefined);
  assert.deepEqual(published(store), [...files, other].map(({ filename }) => filename).sort());
});

test("input that is malformed or empty", async (t) => {
  const { store, origin, options } = await release(t);
  const bad = await expectStatus(2, "es-upload", ["--index", origin], { ...options, input: '{"files":' });
  assert.match(bad.stderr, /line 1/);
  const wrong = await expectStatus(2, "es-upload", ["--index", origin], {
    ...options,
    input: '{"files":[{"path":1}]}\n',
  });
  assert.match(wrong.stderr, /line 1.*files/);
  await expectStatus(1, "es-upload", ["--index", origin], { ...options, input: "" });
  assert.deepEqual(published(store), []);
});

test("--new takes nothing that is there already", async (t) => {
  const { store, files, asked, origin, input, options } = await release(t);
  const [sdist] = files as [ReleaseFile];
  copyFileSync(sdist.path, join(store, sdist.filename));
  for (const dry of [[], ["--dry-run"]]) {
    const old = await expectStatus(1, "es-upload", ["--new", ...dry, "--index", origin], {
      ...options,
      input,
    });
    const [{ error }] = recordsOf(old.stdout);
    assert.equal(error.code, "already-exists");
    assert.match(error.message, /tiny-1\.0\.tar\.gz already, with the same bytes/);
  }
  assert.deepEqual(published(store), [sdist.filename]);
  assert.ok(!asked.some((line) => line.startsWith("POST")), "nothing was sent");
  await expectStatus(0, "es-upload", ["--index", origin], { ...options, input });
});

test("--new sends the project's own sdist first: of builders whose wheels have other names, one has the number", async (t) => {
  const { cwd, store, files, record, origin, options } = await release(t);
  const [sdist, wheel] = files as [ReleaseFile, ReleaseFile];
  const [, dependency] = tiny(join(cwd, "needed"), "1.0", "needed") as [ReleaseFile, ReleaseFile];
  const name = "tiny-1.0-py2-none-any.whl";
  copyFileSync(wheel.path, join(cwd, name));
  const others = { ...wheel, filename: name, path: join(cwd, name) };
  const upload = (status: number, all: ReleaseFile[]) =>
    expectStatus(status, "es-upload", ["--new", "--index", origin], {
      ...options,
      input: `${JSON.stringify({ ...record, files: all })}\n`,
    });
  const won = await upload(0, [dependency, sdist, wheel]);
  const names = recordsOf(won.stdout)[0].uploaded.map(({ filename }: { filename: string }) => filename);
  assert.deepEqual(names, [sdist.filename, dependency.filename, wheel.filename]);
  const lost = await upload(1, [dependency, sdist, others]);
  assert.equal(recordsOf(lost.stdout)[0].error.code, "already-exists");
  assert.ok(!published(store).includes(name));
});

test("--new: a file of a dependency that differs is no taken number", async (t) => {
  const { cwd, store, record, origin, options, files } = await release(t);
  const [, dependency] = tiny(join(cwd, "needed"), "1.0", "needed") as [ReleaseFile, ReleaseFile];
  writeFileSync(join(store, dependency.filename), "other bytes");
  const input = `${JSON.stringify({ ...record, files: [...files, dependency] })}\n`;
  const ran = await expectStatus(1, "es-upload", ["--new", "--index", origin], { ...options, input });
  assert.equal(recordsOf(ran.stdout)[0].error.code, "dependency-differs");
  assert.deepEqual(published(store), [dependency.filename]);
});

test("of two builders of the same bytes, only one has new files", async (t) => {
  const { store, origin, input, options } = await release(t);
  const run = () => program("es-upload", ["--new", "--index", origin], { ...options, input });
  const both = await Promise.all([run(), run()]);
  const report = both.map(({ report }) => report).join("\n");
  assert.deepEqual(both.map(({ status }) => status).sort(), [0, 1], report);
  assert.equal(published(store).length, 2);
});

test("an index that cannot be reached, or is none", async (t) => {
  const { input, options } = await release(t);
  const page = await web(t, (_asked, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<h1>Welcome</h1>");
  });
  for (const [index, code] of [
    [await nobody(), "refused"],
    [page, "not-an-index"],
  ] as const) {
    const ran = await expectStatus(1, "es-upload", ["--index", index], { ...options, input });
    assert.equal(recordsOf(ran.stdout)[0].error.code, code, ran.report);
  }
});

test("--timeout ends an upload that hangs", async (t) => {
  const { input, options } = await release(t);
  const origin = await web(t, (asked, response) => {
    if (asked.method === "GET") response.writeHead(404).end();
    else asked.resume();
  });
  const ran = await expectStatus(1, "es-upload", ["--timeout", "1", "--index", origin], {
    ...options,
    input,
  });
  assert.equal(recordsOf(ran.stdout)[0].error.code, "timeout");
});
