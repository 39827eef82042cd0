import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Store } from "../../../lib/index/store.js";
import { scratch } from "../../lab/program.js";

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
  assert.deepEqual(await store.projects(), []);
  assert.equal(await store.find("a-1.0.tar.gz"), undefined);
  await upload.write(Buffer.from("whole"));
  assert.equal(await upload.commit({ sha256: sha256("halfwhole"), md5: md5("halfwhole") }), "uploaded");
  assert.deepEqual(readdirSync(directory), ["a-1.0.tar.gz"]);
  assert.equal(readFileSync(join(directory, "a-1.0.tar.gz"), "utf8"), "halfwhole");
  const file = await store.find("a-1.0.tar.gz");
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
  assert.deepEqual(readdirSync(directory), ["a-1.0.zip"]);
});

test("of two uploads of one name at once, one wins", async (t) => {
  const directory = scratch(t);
  const store = new Store(directory);
  const results = await Promise.allSettled(
    ["x", "y", "z"].map((text) => put(store, "a-1.0.zip", text.repeat(50))),
  );
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
  assert.deepEqual(readdirSync(directory), ["a-1.0.zip"]);
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
  assert.deepEqual(readdirSync(directory), []);
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
  assert.equal(await store.find("../a-1.0.zip"), undefined);
  assert.deepEqual(readdirSync(join(directory, "store")), []);
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
  assert.deepEqual(
    (await store.files("my-pkg")).map(({ filename }) => filename),
    ["My.Pkg-1.0.tar.gz", "my_pkg-1.1-py3-none-any.whl"],
  );
  assert.equal(await store.find("folder-1.0.zip"), undefined);
  assert.equal(await store.find("gone-1.0.zip"), undefined);
  writeFileSync(join(directory, "My.Pkg-1.0.tar.gz"), "changed");
  assert.equal((await store.files("my-pkg"))[0]?.sha256, sha256("changed"));
});

test("what dead servers left is cleaned up, what others are writing is not", async (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, ".upload-999999999-ab"), "");
  writeFileSync(join(directory, `.upload-${process.pid}-ab`), "");
  writeFileSync(join(directory, ".upload-notes"), "");
  await new Store(directory).clean();
  assert.ok(!existsSync(join(directory, ".upload-999999999-ab")));
  assert.deepEqual(readdirSync(directory).sort(), [`.upload-${process.pid}-ab`, ".upload-notes"].sort());
});
