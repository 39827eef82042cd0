import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { type Checkout, withCheckout } from "../../../lib/package/checkout.js";
import { scratch } from "../../lab/program.js";
import { commitTime, repository } from "../../lab/repository.js";

const { signal } = new AbortController();
const look = async (checkout: Checkout) => checkout;

test("a commit of a repository here, or in a folder above", async (t) => {
  const repo = await repository(t, { "sub/a": "x", b: "" });
  const commit = await repo.git("rev-parse", "HEAD");
  for (const source of [repo.directory, `${repo.directory}/sub`, `${repo.directory}/.git`]) {
    const checkout = await withCheckout(source, { branch: "master" }, { signal }, look);
    assert.equal(checkout.commit, commit);
    assert.equal(checkout.branch, "master");
    assert.equal(checkout.time, commitTime);
    assert.deepEqual(
      checkout.entries.map(({ path }) => path),
      ["b", "sub/a"],
      "from the top, wherever the folder is",
    );
  }
});

test("a commit from elsewhere, whose folder goes afterwards", async (t) => {
  const repo = await repository(t, { a: "" });
  process.env.TMPDIR = scratch(t);
  try {
    const source = `file://${repo.directory}`;
    const inside = await withCheckout(
      source,
      { branch: "master" },
      { signal },
      async ({ directory, commit }) => {
        assert.equal(commit, await repo.git("rev-parse", "HEAD"));
        return [directory.startsWith(process.env.TMPDIR as string), readdirSync(directory).length > 0];
      },
    );
    assert.deepEqual(inside, [true, true]);
    const failing = withCheckout(source, { branch: "master" }, { signal }, () =>
      Promise.reject(new Error("x")),
    );
    await assert.rejects(failing, /^Error: x$/);
    await assert.rejects(withCheckout(source, { branch: "none" }, { signal }, look), { code: "no-branch" });
    assert.deepEqual(readdirSync(process.env.TMPDIR), []);
  } finally {
    delete process.env.TMPDIR;
  }
});

test("what is no repository is named", async (t) => {
  const folder = scratch(t);
  for (const source of [folder, `${folder}/none`])
    await assert.rejects(withCheckout(source, { branch: "x" }, { signal }, look), {
      code: "no-repository",
      message: new RegExp(`^cannot use ${source}: `),
    });
});
