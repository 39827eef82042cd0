import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkRemote, pushTo } from "../../../lib/templates/repository.js";
import { expectStatus, scratch } from "../../lab/program.js";

test("remotes in all their spellings are taken, passwords and flags are not", () => {
  for (const url of ["git@git.example:a/b.git", "ssh://git@git.example/b", "https://git.example/b", "/srv/b"])
    checkRemote(url);
  for (const url of ["--upload-pack=x", "https://token@git.example/b", "https://a:b@git.example/b"])
    assert.throws(() => checkRemote(url), /remote|URL/);
});

test("what git said is kept for the message", async (t) => {
  const directory = scratch(t);
  await expectStatus(0, "git", ["init", "--quiet", directory]);
  writeFileSync(join(directory, "x"), "");
  await assert.rejects(pushTo(directory, "/nowhere/at/all", new AbortController().signal), {
    code: "git-failed",
    message: /git push failed/,
  });
});
