import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFileSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Contents } from "../../../../lib/index/store/contents.js";
import { scratch } from "../../../lab/program.js";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function setup(t: TestContext) {
  const directory = scratch(t);
  const path = join(directory, "a-1.0.zip");
  const journal = join(directory, "state", "contents");
  const read: string[] = [];
  const open = async () => {
    const contents = new Contents(journal, async (file) => {
      read.push(file);
      return Buffer.from("Requires-Python:  >=3.9\r\n");
    });
    await contents.load();
    const look = async () => {
      const content = await contents.of("a-1.0.zip", path, statSync(path, { bigint: true }));
      return content && [content.sha256, content.requiresPython];
    };
    return { contents, look };
  };
  /** As if it had been there for long. */
  const write = (text: string, seconds = 10) => {
    writeFileSync(path, text);
    const past = Date.now() / 1000 - seconds - 0.001;
    utimesSync(path, past, past);
  };
  return { path, journal, read, open, write };
}

test("a file is read once, and again when it has changed", async (t) => {
  const { read, open, write } = setup(t);
  const { contents, look } = await open();
  write("one");
  assert.deepEqual(await look(), [sha256("one"), ">=3.9"]);
  assert.deepEqual(await Promise.all([look(), look()]), [await look(), await look()]);
  assert.equal(read.length, 1);
  write("two", 20);
  assert.deepEqual(await look(), [sha256("two"), ">=3.9"]);
  await contents.save();
  assert.equal(read.length, 2);
  const later = await open();
  assert.deepEqual(await later.look(), [sha256("two"), ">=3.9"]);
  assert.equal(read.length, 2);
});

test("a file that changes in this very moment is not taken for known", async (t) => {
  const { path, open } = setup(t);
  const { look } = await open();
  writeFileSync(path, "one");
  assert.deepEqual(await look(), [sha256("one"), ">=3.9"]);
  writeFileSync(path, "two");
  assert.deepEqual(await look(), [sha256("two"), ">=3.9"]);
});

test("the digest of a file that has just come is not read again", async (t) => {
  const { path, open } = setup(t);
  const { contents, look } = await open();
  writeFileSync(path, "one");
  contents.learn("a-1.0.zip", statSync(path, { bigint: true }), "told");
  assert.deepEqual(await look(), ["told", ">=3.9"]);
});

test("a file that changes while it is read is none yet", async (t) => {
  const directory = scratch(t);
  const path = join(directory, "a-1.0.zip");
  const contents = new Contents(join(directory, "contents"), async () => {
    appendFileSync(path, "more");
    return Buffer.from("");
  });
  writeFileSync(path, "one");
  assert.equal(await contents.of("a-1.0.zip", path, statSync(path, { bigint: true })), undefined);
});

test("a journal that is damaged, or mostly outdated", async (t) => {
  const { journal, read, open, write } = setup(t);
  const { contents, look } = await open();
  write("one");
  await look();
  await contents.save();
  const line = readFileSync(journal, "utf8");
  const outdated = `${JSON.stringify(["b-1.0.zip", "1 2 3", "old", null, null])}\n`;
  writeFileSync(journal, `{}\nnonsense\n${outdated.repeat(1500)}${line}["a-1.0.zip", "cut o`);
  const later = await open();
  assert.deepEqual(await later.look(), [sha256("one"), ">=3.9"]);
  assert.equal(read.length, 1);
  assert.equal(readFileSync(journal, "utf8"), outdated + line);
});

test("metadata with megabytes of spaces keeps nobody waiting", async (t) => {
  const directory = scratch(t);
  const path = join(directory, "a-1.0.zip");
  const contents = new Contents(join(directory, "contents"), async () =>
    Buffer.from(`Requires-Python: >=3.9${" ".repeat(4_000_000)}x\n`),
  );
  writeFileSync(path, "one");
  const content = await contents.of("a-1.0.zip", path, statSync(path, { bigint: true }));
  assert.match(content?.requiresPython ?? "", /^>=3\.9 +x$/);
});
