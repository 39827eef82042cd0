// es-upload: who we are for the index, said in every place and in every odd way.

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { expectStatus, recordsOf } from "../lab/program.js";
import { release } from "../lab/release.js";
import { atTerminal, withoutTerminal } from "../lab/terminal.js";
import { secureWeb } from "../lab/tls.js";
import { web } from "../lab/web.js";

/** An index that lets one user in, and no other; it has nothing, and what it gets is forgotten. */
async function guarded(t: TestContext, user: string, password: string) {
  const made = await release(t);
  writeFileSync(join(made.cwd, "record"), made.input);
  const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const seen: string[] = [];
  const origin = await web(t, (asked, response) => {
    const basic = /^Basic (.*)$/.exec(asked.headers.authorization ?? "")?.[1] ?? "";
    seen.push(`${asked.method} ${Buffer.from(basic, "base64")}`);
    asked.resume().on("end", () => {
      if (asked.headers.authorization !== wanted) response.writeHead(401).end();
      else response.writeHead(asked.method === "POST" ? 200 : 404).end();
    });
  });
  return { ...made, origin, seen, pypirc: (text: string) => writeFileSync(join(made.cwd, ".pypirc"), text) };
}

const password = "s3@:/%cret";

test("credentials in a URL are sent and never shown", async (t) => {
  const { origin, seen, options } = await guarded(t, "joe", "other");
  const index = `${origin.replace("//", `//joe:${encodeURIComponent(password)}@`)}/simple/`;
  const ran = await withoutTerminal(`es-upload --index '${index}' <record`, options);
  assert.equal(ran.status, 1, ran.report);
  assert.deepEqual([...new Set(seen)], [`GET joe:${password}`]);
  assert.doesNotMatch(ran.stdout + ran.stderr, /joe|s3/);
  const [record] = recordsOf(ran.stdout);
  assert.equal(record.error.code, "auth-failed");
  assert.match(record.error.message, /does not take the user name and password given/);
  assert.deepEqual(record.trace[0].args, ["--index", `${origin}/simple/`]);
});

test("--repository names a section of .pypirc, which has all", async (t) => {
  const { origin, seen, input, options, pypirc } = await guarded(t, "joe", password);
  // Another account for the same index comes first, and interpolation is not for this file.
  pypirc(
    `[distutils]\nindex-servers =\n  other\n  internal\n[other]\nrepository=${origin}/up/\nusername=x\npassword=y\n` +
      `[internal]\nrepository: ${origin}/up/\nusername: joe\npassword: ${password}\n`,
  );
  for (const flag of ["--repository", "-r"]) {
    seen.length = 0;
    const ran = await expectStatus(0, "es-upload", [flag, "internal", "--no-wait"], { ...options, input });
    assert.deepEqual([...new Set(seen)].sort(), [`GET joe:${password}`, `POST joe:${password}`]);
    const [record] = recordsOf(ran.stdout);
    assert.equal(record.index, `${origin}/up/simple/`);
    assert.doesNotMatch(ran.stdout + ran.stderr, /s3@/);
  }
  const env = { ...options.env, TWINE_USERNAME: "tess", TWINE_PASSWORD: "t" };
  await program401(["-r", "internal"], { ...options, env });
  assert.ok(seen.includes("GET tess:t"), seen.join("\n"));

  async function program401(args: readonly string[], more: typeof options) {
    const ran = await withoutTerminal(`es-upload ${args.join(" ")} <record`, more);
    assert.equal(recordsOf(ran.stdout)[0].error.code, "auth-failed", ran.report);
  }
});

test("what is wrong with .pypirc is said before anything is read", async (t) => {
  const { cwd, origin, input, options, pypirc } = await guarded(t, "joe", password);
  const refused = async (args: readonly string[], message: RegExp) => {
    const ran = await expectStatus(2, "es-upload", args, { ...options, input });
    assert.equal(ran.stdout, "");
    assert.match(ran.stderr, message);
    assert.doesNotMatch(ran.stderr, /s3cret/);
  };
  await refused(["-r", "internal"], /there is no \S+\.pypirc/);
  pypirc(`[internal]\nrepository = ${origin}\n[none]\npassword = s3cret\n`);
  await refused(["-r", "intenral"], /no repository \[intenral\]; did you mean internal\?/);
  await refused(["-r", "none"], /\[none\] in \S+\.pypirc has no URL/);
  await refused(["-r", "internal", "--index", origin], /--index and --repository both name the index/);
  pypirc("repository s3cret\n");
  await refused(["-r", "internal"], /\.pypirc, line 1/);
  await refused(["--index", origin], /\.pypirc, line 1/);
  pypirc("");
  writeFileSync(join(cwd, ".pypirc"), Buffer.from("[internal]\nusername = J\xf6\n", "latin1"));
  await refused(["-r", "internal"], /\.pypirc is not UTF-8/);
  rmSync(join(cwd, ".pypirc"));
});

test("the person at the terminal is asked once for all files, and nobody where there is none", async (t) => {
  const { origin, seen, options } = await guarded(t, "joe", password);
  const command = `es-upload --no-wait --index ${origin} <record >out`;
  const ran = await atTerminal(
    `${command}; status=$?; cat out; exit $status`,
    [
      [`User name for ${origin}: `, "joe\r"],
      [`Password of joe for ${origin}: `, `${password}\r`],
    ],
    options,
  );
  assert.equal(ran.status, 0, ran.report);
  assert.equal(ran.stdout.match(/Password of/g)?.length, 1);
  assert.doesNotMatch(ran.stdout, /s3@/);
  assert.match(ran.stdout, /"outcome":"uploaded".*"outcome":"uploaded"/);
  assert.equal(seen.filter((line) => line === `POST joe:${password}`).length, 2);

  const alone = await withoutTerminal(`${command}; cat out`, options);
  const [record] = recordsOf(alone.stdout);
  assert.equal(record.error.code, "auth-failed");
  assert.match(record.error.message, /wants a user name and password/);
});

test("a name that is known is not asked for; Ctrl-C at the question ends the run", async (t) => {
  const { origin, options } = await guarded(t, "joe", password);
  const env = { ...options.env, TWINE_USERNAME: "joe" };
  const command = `es-upload --no-wait --index ${origin} <record >out`;
  const asked = [[`Password of joe for ${origin}: `, "\x03"]] as const;
  const ran = await atTerminal(command, asked, { ...options, env });
  assert.ok([1, 130].includes(ran.status ?? 0), ran.report);
  const wrong = await atTerminal(command, [[asked[0][0], "no\r"]], { ...options, env });
  assert.equal(wrong.status, 1, wrong.report);
  assert.match(wrong.stdout, /auth-failed: .*does not take the user name and password given/);
});

test("a certificate of one's own authority is trusted by --ca-bundle, or ca_cert of .pypirc", async (t) => {
  const { cwd, input, options } = await release(t);
  const { origin, ca } = await secureWeb(t, (asked, response) => {
    asked.resume().on("end", () => response.writeHead(asked.method === "POST" ? 200 : 404).end());
  });
  const index = ["--no-wait", "--index", origin];
  const ran = await expectStatus(1, "es-upload", index, { ...options, input });
  const [{ error }] = recordsOf(ran.stdout);
  assert.equal(error.code, "bad-certificate");
  assert.match(error.message, /--ca-bundle/);
  await expectStatus(0, "es-upload", [...index, "--ca-bundle", ca], { ...options, input });
  writeFileSync(join(cwd, ".pypirc"), `[internal]\nrepository = ${origin}\nca_cert = ${ca}\n`);
  await expectStatus(0, "es-upload", ["--no-wait", "-r", "internal"], { ...options, input });
});
