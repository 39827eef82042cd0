import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveCommitOf, type Wanted } from "../../../lib/package/refs.js";
import { repository } from "../../lab/repository.js";

const { signal } = new AbortController();

test("branches, tags and commits are told apart, and what is not there is said by name", async (t) => {
  const repo = await repository(t, { a: "" });
  const first = await repo.git("rev-parse", "HEAD");
  await repo.git("tag", "--annotate", "--message", "a tag", "both");
  const head = await repo.commit({ b: "" });
  await repo.git("branch", "both");
  await repo.git("tag", "only-tag");
  await repo.git("branch", "deadbeef");
  await repo.git("tag", "a-tree", "HEAD^{tree}");
  const resolve = (wanted: Wanted) => resolveCommitOf(repo.directory, wanted, "here", signal);

  assert.deepEqual(await resolve({ branch: "both" }), { commit: head, branch: "both" });
  assert.deepEqual(await resolve({ tag: "both" }), { commit: first });
  for (const commit of [first, first.slice(0, 7), first.toUpperCase(), "HEAD~1", "@^"])
    assert.deepEqual(await resolve({ commit }), { commit: first }, commit);
  assert.deepEqual(await resolve({ commit: "HEAD" }), { commit: head });

  const missing: [Wanted, string, RegExp][] = [
    [{ branch: "mastr" }, "no-branch", /^here has no branch mastr; did you mean master\?$/],
    [{ branch: "only-tag" }, "no-branch", /there is a tag of that name: --tag only-tag/],
    [{ branch: "master^" }, "no-branch", /has no branch master\^/],
    [{ branch: "--all" }, "no-branch", /has no branch --all/],
    [{ branch: "../heads/master" }, "no-branch", /has no branch/],
    [{ tag: "master" }, "no-tag", /there is a branch of that name: --branch master/],
    [{ tag: "only-tga" }, "no-tag", /did you mean only-tag\?/],
    [{ tag: "a-tree" }, "no-commit", /a-tree of here names no commit/],
    [{ commit: "deadbeef" }, "no-commit", /has no commit deadbeef; is it fetched\?/],
    [{ commit: await repo.git("rev-parse", "HEAD^{tree}") }, "no-commit", /has no commit/],
    [{ commit: "master" }, "no-commit", /names no commit: give at least 4/],
    [{ commit: "HEAD~9" }, "no-commit", /has no commit HEAD~9/],
    [{ commit: "abc" }, "no-commit", /at least 4/],
  ];
  for (const [wanted, code, message] of missing) await assert.rejects(resolve(wanted), { code, message });
});

test("a branch that is only known from the remote is said to be so", async (t) => {
  const repo = await repository(t, { a: "" });
  const commit = await repo.git("rev-parse", "HEAD");
  await repo.git("update-ref", "refs/remotes/origin/far", commit);
  assert.deepEqual(await resolveCommitOf(repo.directory, { branch: "far" }, "here", signal), {
    commit,
    branch: "far",
    fetchedFrom: "origin",
  });
});
