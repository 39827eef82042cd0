import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { git, gitEnvironment, tryGit } from "../../../lib/package/git.js";
import { scratch } from "../../lab/program.js";
import { repository } from "../../lab/repository.js";

const { signal } = new AbortController();

test("what names another repository is not passed on, all else is", () => {
  process.env.GIT_DIR = "/nonexistent";
  process.env.GIT_OBJECT_DIRECTORY = "/nonexistent";
  process.env.GIT_SSH_COMMAND = "ssh -v";
  try {
    const env = gitEnvironment({ MORE: "1" });
    assert.equal(env.GIT_DIR, undefined);
    assert.equal(env.GIT_OBJECT_DIRECTORY, undefined);
    assert.equal(env.GIT_SSH_COMMAND, "ssh -v");
    assert.equal(env.MORE, "1");
    assert.equal(env.PATH, process.env.PATH);
  } finally {
    delete process.env.GIT_DIR;
    delete process.env.GIT_OBJECT_DIRECTORY;
    delete process.env.GIT_SSH_COMMAND;
  }
});

test("git's answer, and its failure with the reason", async (t) => {
  const { directory } = await repository(t);
  const branch = await git(["-C", directory, "symbolic-ref", "HEAD"], { signal });
  assert.equal(branch.toString(), "refs/heads/master\n");
  assert.equal((await tryGit(["-C", directory, "cat-file", "-e", "0000"], { signal })).exit, 128);
  await assert.rejects(git(["-C", join(scratch(t), "none"), "rev-parse"], { signal }), {
    code: "git-failed",
    message: /^git rev-parse failed: cannot change to .*none/,
  });
});
