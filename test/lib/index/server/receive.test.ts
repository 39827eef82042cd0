import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readText, request } from "../../../../lib/index/http.js";
import { indexServer } from "../../../../lib/index/server/server.js";
import { Store } from "../../../../lib/index/store/store.js";
import { formOf, type Part } from "../../../lab/form.js";
import { arriving, published } from "../../../lab/index.js";
import { scratch } from "../../../lab/program.js";
import { listen } from "../../../lab/web.js";

const content = "the bytes of a file";
const sha256 = createHash("sha256").update(content).digest("hex");

async function serving(t: TestContext) {
  const directory = scratch(t);
  const origin = await listen(t, indexServer(new Store(directory), { uploads: true }).server);
  const post = async (form: string, type = "multipart/form-data; boundary=b", path = "/", piece = 50) => {
    const bytes = Buffer.from(form);
    const chunks = (async function* () {
      // In pieces, as a network may deliver them.
      for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
    })();
    const answer = await request(`${origin}${path}`, {
      method: "POST",
      headers: { "content-type": type },
      body: { length: bytes.length, chunks },
    });
    const text = await readText(answer, 10_000);
    // Said in a header, too, for those who must know whether they were first.
    if (answer.status === 200) assert.ok(text.endsWith(` ${answer.headers["essay-outcome"]}\n`), text);
    return `${answer.status} ${text}`;
  };
  return { directory, origin, post };
}

const file: Part = ["content", content, "a-1.0.zip"];
const digest: Part = ["sha256_digest", sha256];

test("a form with its file, whatever the order of its parts", async (t) => {
  const { directory, post } = await serving(t);
  const action: Part = [":action", "file_upload"];
  assert.equal(await post(formOf([action, ["name", "A"], digest, file])), "200 a-1.0.zip uploaded\n");
  assert.equal(
    await post(formOf([file, digest, ["classifiers", "x"], ["classifiers", "y"]])),
    "200 a-1.0.zip present\n",
  );
  const later: Part = ["content", content, "a-1.1.zip"];
  assert.equal(
    await post(
      formOf([later, ["md5_digest", createHash("md5").update(content).digest("hex")]]),
      undefined,
      "/legacy/",
    ),
    "200 a-1.1.zip uploaded\n",
  );
  assert.equal(
    await post(
      formOf([["gpg_signature", "sig", "a-1.2.zip.asc"], digest, ["content", content, "a-1.2.zip"]]),
    ),
    "200 a-1.2.zip uploaded\n",
  );
  assert.deepEqual(published(directory), ["a-1.0.zip", "a-1.1.zip", "a-1.2.zip"]);
  assert.equal(readFileSync(join(directory, "a-1.0.zip"), "utf8"), content);
});

test("forms that are wrong leave nothing", async (t) => {
  const { directory, post } = await serving(t);
  const named = (filename: string): Part[] => [digest, ["content", content, filename]];
  const cases: [string, string, RegExp][] = [
    ["no digest", formOf([file]), /^400 .*without sha256_digest/],
    ["wrong digest", formOf([["sha256_digest", "0".repeat(64)], file]), /^400 .*announced with 0{64}/],
    ["wrong md5 beside a right sha256", formOf([file, digest, ["md5_digest", "0".repeat(32)]]), /^400 .*md5/],
    ["climbs out", formOf(named("../a-1.0.zip")), /^400 "\.\.\/a-1\.0\.zip" is no name/],
    ["climbs out with backslashes", formOf(named("..\\\\a-1.0.zip")), /^400 .* is no name/],
    ["absolute", formOf(named("/tmp/a-1.0.zip")), /^400 .* is no name/],
    ["hidden", formOf(named(".a-1.0.zip")), /^400 .* is no name/],
    ["empty name", formOf(named("")), /^400 /],
    ["no distribution", formOf(named("passwd")), /^400 .* is no name/],
    ["of another project", formOf([["name", "b"], digest, file]), /^400 .*announced as a file of b/],
    ["another action", formOf([[":action", "doc_upload"], digest, file]), /^400 .*doc_upload/],
    ["no file", formOf([digest]), /^400 .*0 files/],
    ["two files", formOf([digest, file, ["content", "more", "a-1.1.zip"]]), /^400 .*2 files/],
    [
      "a part that is none, and then a file without an end",
      `--b\r\nContent\0\r\n${formOf([file]).slice(0, -12)}`,
      /^400 the form is broken: Malformed part header/,
    ],
    ["cut before its end", formOf([digest, file]).slice(0, -8), /^400 the form is broken/],
    [
      "cut in a part that nobody wants",
      formOf([digest, ["other", "x", "x"]]).slice(0, -8),
      /^400 the form is broken/,
    ],
    ["cut in a header", formOf([digest, file]).slice(0, 120), /^400 the form is broken/],
    [
      "a file behind its end",
      `${formOf([digest, file])}${formOf([["x", "y"], file]).slice(0, -12)}`,
      /^400 .*behind its end/,
    ],
    ["no form at all", "hello", /^400 the form is broken/],
    ["nothing", "", /^400 the form is broken/],
  ];
  for (const [what, form, answer] of cases) {
    // The parser knows the end of a form only from one piece to the next.
    const piece = what.includes("behind") ? 10_000 : 50;
    assert.match(await post(form, undefined, undefined, piece), answer, what);
    assert.deepEqual(published(directory), [], what);
    assert.deepEqual(arriving(directory), [], what);
  }
  assert.match(await post("a=b", "application/x-www-form-urlencoded"), /^400 /);
  assert.match(await post("{}", "application/json"), /^400 no multipart form/);
  assert.match(await post("x", "multipart/form-data"), /^400 no multipart form/);
  assert.deepEqual(published(directory), []);
});

test("a body whose connection is cut leaves nothing", async (t) => {
  const { directory, origin } = await serving(t);
  const form = formOf([digest, file]);
  const socket = connect(Number(new URL(origin).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${form.length}\r\n\r\n${form.slice(0, -20)}`,
  );
  while (arriving(directory).length === 0) await new Promise(setImmediate);
  socket.destroy();
  while (arriving(directory).length > 0) await new Promise(setImmediate);
  assert.deepEqual(published(directory), []);
});

test("other bytes under a name that is taken", async (t) => {
  const { directory, post } = await serving(t);
  await post(formOf([digest, file]));
  const other = createHash("sha256").update("other").digest("hex");
  assert.match(
    await post(
      formOf([
        ["sha256_digest", other],
        ["content", "other", "a-1.0.zip"],
      ]),
    ),
    /^409 .*already/,
  );
  assert.equal(readFileSync(join(directory, "a-1.0.zip"), "utf8"), content);
  assert.deepEqual(published(directory), ["a-1.0.zip"]);
});
