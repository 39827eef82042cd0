import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startIndex } from "../lab/index.js";
import { expectStatus, program, scratch } from "../lab/program.js";
import { tiny } from "../lab/tiny.js";

const python = "/usr/bin/python3";

test("real twine and pip work with one index", async (t) => {
  const index = await startIndex();
  t.after(() => index.stop());
  const cwd = scratch(t);
  const dist = join(cwd, "dist");
  const [sdist, wheel] = tiny(dist).map(({ filename }) => filename) as [string, string];
  const env = {
    HOME: cwd,
    PIP_CONFIG_FILE: "/dev/null",
    TWINE_USERNAME: "x",
    TWINE_PASSWORD: "y",
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const twine = [
    "upload",
    "--non-interactive",
    "--disable-progress-bar",
    "--repository-url",
    index.url.replace("simple/", ""),
  ];
  const pip = (...args: string[]) => expectStatus(0, python, ["-m", "pip", ...args], { cwd, env });
  const from = ["--no-cache-dir", "--disable-pip-version-check", "--index-url", index.url];

  await expectStatus(0, "/usr/bin/twine", [...twine, join(dist, sdist), join(dist, wheel)], { cwd, env });
  for (const filename of [sdist, wheel]) assert.ok(readdirSync(index.directory).includes(filename), filename);
  await expectStatus(0, "/usr/bin/twine", [...twine, join(dist, wheel)], { cwd, env });
  tiny(dist, "1.0", "tiny", "other = True\n");
  const other = await program("/usr/bin/twine", [...twine, join(dist, wheel)], { cwd, env });
  assert.notEqual(other.status, 0, other.report);
  assert.match(other.stdout + other.stderr, /409 Conflict[\s\S]*already with other bytes/);

  await pip("download", ...from, "--no-deps", "--dest", "got", "Tiny");
  assert.deepEqual(readdirSync(join(cwd, "got")), [wheel]);
  // pip builds an sdist to learn about it; what it builds with comes from the same index.
  await pip("download", ...from, "--no-binary", "tiny", "--dest", "sdist", "tiny==1.0");
  assert.deepEqual(readdirSync(join(cwd, "sdist")), [sdist]);
  mkdirSync(join(cwd, "site"));
  await pip("install", ...from, "--target", "site", "tiny===1.0");
  const ran = await expectStatus(0, python, ["-c", "import tiny; print(tiny.version)"], {
    env: { ...env, PYTHONPATH: join(cwd, "site") },
  });
  assert.equal(ran.stdout, "1.0\n");
  const versions = await pip("index", "versions", ...from, "tiny");
  assert.match(versions.stdout, /Available versions: 1\.0/);
});

test("real pip installs what es-upload has uploaded", async (t) => {
  const index = await startIndex();
  t.after(() => index.stop());
  const cwd = scratch(t);
  const files = tiny(join(cwd, "dist"), "2.0+fix");
  const input = `${JSON.stringify({ project: "tiny", version: "2.0+fix", files })}\n`;
  await expectStatus(0, "es-upload", ["--index", index.url], { input, env: { HOME: cwd } });
  const args = [
    "-m",
    "pip",
    "install",
    "--no-cache-dir",
    "--index-url",
    index.url,
    "--target",
    join(cwd, "site"),
    "tiny",
  ];
  const ran = await expectStatus(0, python, args, { cwd, env: { HOME: cwd, PIP_CONFIG_FILE: "/dev/null" } });
  assert.match(ran.stdout, /Successfully installed tiny-2\.0\+fix/);
});
