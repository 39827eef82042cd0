import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { checkProjectName } from "../../../lib/templates/names.js";
import { expectStatus } from "../../lab/program.js";

test("ordinary names are taken", () => {
  for (const name of ["essay_demo", "a", "A1", "m_2"]) checkProjectName(name);
});

test("a name that would do with other characters is suggested", () => {
  assert.throws(() => checkProjectName("my-site.example"), /such as my_site_example/);
  assert.throws(() => checkProjectName("--"), /a letter first$/);
});

test("every keyword and module of this machine's Python is refused", async () => {
  const code =
    "import sys, keyword; print(*keyword.kwlist, *[n for n in sys.stdlib_module_names if n[0] != '_'])";
  const { stdout } = await expectStatus(0, "/usr/bin/python3", ["-c", code]);
  for (const name of stdout.trim().split(" "))
    assert.throws(() => checkProjectName(name), UsageError, `${name} is taken for a project's name`);
});
