import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { expectStatus, scratch } from "../../lab/program.js";

test("Django finds no fault with the site; without a secret key it is for dev and test only", async (t) => {
  const directory = scratch(t);
  await expectStatus(0, "es-init", ["-t", "django", "blog"], { cwd: directory });
  const cwd = join(directory, "blog");
  const check = (status: number, env: NodeJS.ProcessEnv) =>
    expectStatus(status, "/usr/bin/python3", ["manage.py", "check", "--fail-level", "DEBUG"], { cwd, env });
  await check(0, {});
  await check(0, { ESSAY_PROFILE: "test" });
  const refused = await check(1, { ESSAY_PROFILE: "live" });
  assert.match(refused.stderr, /profile live needs the file .*etc\/secret_key: see \[\[deploy\.conf\]\]/);
});
