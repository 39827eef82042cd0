import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readZipEntry } from "../../../lib/package/zip-entry.js";
import { scratch } from "../../lab/program.js";

const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.writestr("stored.txt", "as it is", zipfile.ZIP_STORED)
    z.writestr("ä/deflated.txt", "again and " * 1000, zipfile.ZIP_DEFLATED)
    z.writestr("odd.txt", "odd", zipfile.ZIP_BZIP2)
    z.writestr("empty.txt", "")
    z.comment = b"a comment PK"
`;

test("entries are found and unpacked", async (t) => {
  const path = join(scratch(t), "a.zip");
  execFileSync("/usr/bin/python3", ["-c", script, path]);
  const read = async (name: string) => (await readZipEntry(path, (entry) => entry === name))?.toString();
  assert.equal(await read("stored.txt"), "as it is");
  assert.equal(await read("ä/deflated.txt"), "again and ".repeat(1000));
  assert.equal(await read("empty.txt"), "");
  assert.equal(await read("absent.txt"), undefined);
  await assert.rejects(read("odd.txt"), { code: "bad-archive", message: /method 12/ });
});

test("what is no sound archive", async (t) => {
  const directory = scratch(t);
  const path = join(directory, "a.zip");
  execFileSync("/usr/bin/python3", ["-c", script, path]);
  const whole = readFileSync(path);
  const directoryAt = whole.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  const cases: [string, Buffer][] = [
    ["empty", Buffer.alloc(0)],
    ["text", Buffer.from("hello")],
    ["cut at the end", whole.subarray(0, whole.length - 40)],
    ["cut at the front", whole.subarray(directoryAt)],
    [
      "damaged list",
      Buffer.concat([whole.subarray(0, directoryAt), Buffer.from("XXXX"), whole.subarray(directoryAt + 4)]),
    ],
  ];
  for (const [what, bytes] of cases) {
    writeFileSync(path, bytes);
    await assert.rejects(
      readZipEntry(path, (name) => name === "ä/deflated.txt"),
      { code: "bad-archive" },
      what,
    );
  }
});
