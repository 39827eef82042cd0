import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Store } from "../../../../lib/index/store/store.js";
import { arriving, published } from "../../../lab/index.js";
import { scratch } from "../../../lab/program.js";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const md5 = (text: string) => createHash("md5").update(text).digest("hex");

async function put(store: Store, filename: string, text: string, digests = { sha256: sha256(text) }) {
  const upload = await store.receive(filename);
  for (const character of text) await upload.write(Buffer.from(character));
  return upload.commit(digests);
}

test("a file is there after its commit, whole, and not before", async (t) => {
  const directory = scratch(t);
  const store = new Store(directory);
  const upload = await store.receive("a-1.0.tar.gz");
  await upload.write(Buffer.from("half"));
  assert.equal((await store.projects()).size, 0);
  assert.equal(await store.files("a"), undefined);
  assert.equal(await store.openFile("a-1.0.tar.gz"), undefined);
  await upload.write(Buffer.from("whole"));
  assert.equal(await upload.commit({ sha256: sha256("halfwhole"), md5: md5("halfwhole") }), "uploaded");
  assert.deepEqual(published(directory), ["a-1.0.tar.gz"]);
  assert.equal(readFileSync(join(directory, "a-1.0.tar.gz"), "utf8"), "halfwhole");
  const [file] = (await store.files("a")) ?? [];
  assert.equal(file?.sha256, sha256("halfwhole"));
  assert.equal(file?.size, 9);
});

test("the same bytes are present, other bytes are refused", async (t) => {
  const directory = scratch(t);
  const store = new Store(directory);
  assert.equal(await put(store, "a-1.0.zip", "one"), "uploaded");
  assert.equal(await put(store, "a-1.0.zip", "one"), "present");
  await assert.rejects(put(store, "a-1.0.zip", "two"), { code: "already-exists" });
  assert.equal(readFileSync(join(directory, "a-1.0.zip"), "utf8"), "one");
  assert.deepEqual(published(directory), ["a-1.0.zip"]);
});

test("of two uploads of one name at once, one wins", async (t) => {
  const directory = scratch(t);
  const store = new Store(directory);
  const results = await Promise.allSettled(
    ["x", "y", "z"].map((text) => put(store, "a-1.0.zip", text.repeat(50))),
  );
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
  assert.deepEqual(published(directory), ["a-1.0.zip"]);
  const text = readFileSync(join(directory, "a-1.0.zip"), "utf8");
  const winner = results.findIndex(({ status }) => status === "fulfilled");
  assert.equal(text, ["x", "y", "z"][winner]?.repeat(50));
});

test("wrong and missing digests leave nothing", async (t) => {
  const directory = scratch(t);
  const store = new Store(directory);
  await assert.rejects(put(store, "a-1.0.zip", "one", { sha256: sha256("two") }), {
    code: "digest-mismatch",
  });
  const upload = await store.receive("a-1.0.zip");
  await assert.rejects(upload.commit({ sha256: sha256(""), md5: md5("x") }), { code: "digest-mismatch" });
  const silent = await store.receive("a-1.0.zip");
  await assert.rejects(silent.commit({}), { code: "digest-missing" });
  const left = await store.receive("a-1.0.zip");
  await left.discard();
  await left.discard();
  assert.deepEqual(arriving(directory), []);
  assert.deepEqual(published(directory), []);
});

test("names that are none of a distribution are refused", async (t) => {
  const directory = scratch(t);
  mkdirSync(join(directory, "store"));
  const store = new Store(join(directory, "store"));
  for (const name of [
    "../a-1.0.zip",
    "/tmp/a-1.0.zip",
    "a/../a-1.0.zip",
    ".a-1.0.zip",
    "a.zip",
    "",
    `a-1.${"0".repeat(300)}.zip`,
  ])
    await assert.rejects(store.receive(name), { code: "bad-name" }, name);
  assert.equal(await store.openFile("../a-1.0.zip"), undefined);
  assert.deepEqual(published(join(directory, "store")), []);
});

test("more bytes than are taken", async (t) => {
  const store = new Store(scratch(t), { most: 5 });
  const upload = await store.receive("a-1.0.zip");
  await upload.write(Buffer.from("12345"));
  await assert.rejects(upload.write(Buffer.from("6")), { code: "too-large" });
  await upload.discard();
});

test("files put there by hand count, others do not", async (t) => {
  const directory = scratch(t);
  const store = new Store(directory);
  for (const name of [
    "My.Pkg-1.0.tar.gz",
    "my_pkg-1.1-py3-none-any.whl",
    "my_pkg_too-1.0.zip",
    "README",
    ".upload-1-ab",
  ])
    writeFileSync(join(directory, name), name);
  mkdirSync(join(directory, "folder-1.0.zip"));
  symlinkSync("nowhere", join(directory, "gone-1.0.zip"));
  symlinkSync("loop-1.0.zip", join(directory, "loop-1.0.zip"));
  const names = async () => (await store.files("my-pkg"))?.map(({ filename }) => filename);
  assert.deepEqual(await names(), ["My.Pkg-1.0.tar.gz", "my_pkg-1.1-py3-none-any.whl"]);
  for (const name of ["folder", "gone", "loop"]) {
    assert.deepEqual(await store.files(name), [], name);
    assert.equal(await store.openFile(`${name}-1.0.zip`), undefined);
  }
  writeFileSync(join(directory, "My.Pkg-1.0.tar.gz"), "changed");
  assert.equal((await store.files("my-pkg"))?.[0]?.sha256, sha256("changed"));
  rmSync(join(directory, "My.Pkg-1.0.tar.gz"));
  assert.deepEqual(await names(), ["my_pkg-1.1-py3-none-any.whl"]);
});

test("what is open is read as it was, and its tag is another one after each change", async (t) => {
  const directory = scratch(t);
  const store = new Store(directory);
  await put(store, "a-1.0.zip", "one");
  const file = await store.openFile("a-1.0.zip");
  await store.remove("a-1.0.zip");
  assert.equal(await store.openFile("a-1.0.zip"), undefined);
  assert.equal(await file?.handle.readFile("utf8"), "one");
  await file?.handle.close();
  assert.equal(await put(store, "a-1.0.zip", "two"), "uploaded");
  const other = await store.openFile("a-1.0.zip");
  await other?.handle.close();
  assert.notEqual(other?.tag, file?.tag);
});

test("what dead servers left is cleaned up, when it is opened", async (t) => {
  const directory = scratch(t);
  mkdirSync(join(directory, ".es-index"));
  writeFileSync(join(directory, ".es-index", "upload-999999999-ab"), "");
  await new Store(directory).open();
  assert.deepEqual(arriving(directory), []);
  await assert.rejects(new Store(join(directory, "none")).open(), { name: "UsageError" });
  await assert.rejects(new Store(join(directory, "none", "deep")).open({ make: true }), /no folder for/);
  await new Store(join(directory, "none")).open({ make: true });
});

test("what was learned of files outlives the store", async (t) => {
  const directory = scratch(t);
  const metadata = Buffer.from("Metadata-Version: 2.1\nRequires-Python: >=3.8\n\nRequires-Python: no\n");
  const readMetadata = async () => metadata;
  const first = new Store(directory, { readMetadata });
  await put(first, "a-1.0-py3-none-any.whl", "wheel");
  await put(first, "a-1.0.zip", "sdist");
  await put(first, "b-1.0.zip", "sdist");
  const files = await first.files("a");
  assert.deepEqual(
    files?.map(({ requiresPython, metadataSha256 }) => [requiresPython, metadataSha256]),
    [
      [">=3.8", sha256(metadata.toString())],
      [">=3.8", undefined],
    ],
  );
  await first.close();
  const nobody = async () => Promise.reject(new Error("read again"));
  const second = new Store(directory, { readMetadata: nobody });
  await second.open();
  assert.deepEqual(await second.files("a"), files);
  // Not on a page before, so not known; and no sound archive, which is no reason not to list it.
  assert.equal((await second.files("b"))?.[0]?.requiresPython, undefined);
});
