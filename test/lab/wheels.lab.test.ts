import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { expectStatus, scratch } from "./program.js";
import { wheels } from "./wheels.js";

test("pip installs supervisor and what it needs from the wheels alone", async (t) => {
  const [found, again] = await Promise.all([wheels(), wheels()]);
  assert.equal(found, again);
  assert.deepEqual(
    readdirSync(found).map((file) => file.replace(/-.*/, "")),
    ["pip", "setuptools", "supervisor", "wheel"],
  );
  const venv = join(scratch(t), "venv");
  await expectStatus(0, "/usr/bin/python3", ["-m", "venv", "--without-pip", venv]);
  const pip = ["-m", "pip", "--isolated", "--python", join(venv, "bin/python"), "install", "--no-index"];
  await expectStatus(0, "/usr/bin/python3", [...pip, "--find-links", found, "supervisor", "pip"]);
  const ran = await expectStatus(0, join(venv, "bin/supervisord"), ["--version"]);
  assert.match(ran.stdout, /^4\./);
  await expectStatus(0, join(venv, "bin/pip"), ["check"]);
});
