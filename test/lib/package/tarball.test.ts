import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Archive } from "../../../lib/package/tarball.js";
import { until } from "../../lab/processes.js";
import { expectStatus, scratch } from "../../lab/program.js";

const { signal } = new AbortController();

test("an archive is a function of its entries", async (t) => {
  const folder = scratch(t);
  const write = async (name: string, pieces: number) => {
    const archive = await Archive.create(join(folder, name), "top-1", 1_700_000_000, signal);
    const content = Buffer.from("0123456789".repeat(100_000));
    const step = Math.ceil(content.length / pieces);
    const chunks = Array.from({ length: pieces }, (_, i) => content.subarray(i * step, (i + 1) * step));
    await archive.addFile("a/b", false, content.length, chunks);
    await archive.addFile("empty", true, 0, []);
    await archive.addLink("link", "a/ü");
    return archive.finish();
  };
  const one = await write("one", 1);
  assert.deepEqual(await write("two", 97), one);
  const bytes = readFileSync(join(folder, "one"));
  assert.deepEqual(one, { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
  assert.deepEqual([...bytes.subarray(0, 10)], [31, 139, 8, 0, 0, 0, 0, 0, 0, 255], "no time, no system");
  assert.equal(gunzipSync(bytes).length % 512, 0);
  const { stdout } = await expectStatus(
    0,
    "tar",
    ["--list", "--verbose", "--utc", "-zf", join(folder, "one")],
    {
      env: { LC_ALL: "C.UTF-8" },
    },
  );
  assert.deepEqual(stdout.replace(/ +/g, " ").split("\n"), [
    "-rw-r--r-- 0/0 1000000 2023-11-14 22:13 top-1/a/b",
    "-rwxr-xr-x 0/0 0 2023-11-14 22:13 top-1/empty",
    "lrwxrwxrwx 0/0 0 2023-11-14 22:13 top-1/link -> a/ü",
    "",
  ]);
});

test("times that the format cannot hold come as near as can be", async (t) => {
  const file = join(scratch(t), "a");
  for (const [time, shown] of [
    [-5, "1970-01-01 00:00:00"],
    [9e9, "2038-01-19 03:14:07"],
  ] as const) {
    const archive = await Archive.create(`${file}${time}`, "top", time, signal);
    await archive.addFile("a", false, 0, []);
    await archive.finish();
    const args = ["--list", "--verbose", "--utc", "--full-time", "-zf", `${file}${time}`];
    assert.match((await expectStatus(0, "tar", args)).stdout, new RegExp(shown));
  }
});

test("a file of more than 8 GiB tells its size in an extended header", async (t) => {
  const file = join(scratch(t), "a");
  const size = 9 * 2 ** 30;
  const stop = new AbortController();
  const archive = await Archive.create(file, "top", 0, stop.signal);
  const chunk = randomBytes(1 << 20);
  async function* some() {
    for (let i = 0; i < 4; i++) yield chunk;
    throw new Error("enough is seen");
  }
  await assert.rejects(archive.addFile("big", false, size, some()), /enough is seen/);
  // As Python's tarfile, which pip uses, reads what is there so far.
  await until("some of it to be written", () => statSync(file).size > 1 << 20);
  await archive.abandon(new Error("x"));
  const script = `
import sys, tarfile, zlib
data = zlib.decompressobj(31).decompress(open(sys.argv[1], "rb").read())
import io
member = tarfile.TarFile(fileobj=io.BytesIO(data)).next()
print(member.name, member.size, member.pax_headers)`;
  const { stdout } = await expectStatus(0, "python3", ["-c", script, file]);
  assert.equal(stdout, `top/big ${size} {'path': 'top/big', 'size': '${size}'}\n`);
});

test("the first error is the one that is told", async (t) => {
  const file = join(scratch(t), "a");
  const begin = (path: string, stop = signal) => Archive.create(path, "top", 0, stop);
  const short = await begin(file);
  await assert.rejects(short.addFile("a", false, 5, [Buffer.from("1234")]), /[Ss]ize mismatch/);
  await short.abandon(new Error("x"));

  await assert.rejects(begin(file), { code: "EEXIST" });

  const abort = new AbortController();
  const ended = await begin(`${file}2`, abort.signal);
  const reason = new Error("cancelled");
  abort.abort(reason);
  const thrown = await ended.finish().catch((e: Error) => ended.abandon(e));
  assert.equal((thrown as Error & { cause?: unknown }).cause ?? thrown, reason);
});
