import assert from "node:assert/strict";
import { test } from "node:test";
import type { BuildHost } from "../../lib/build-host.js";
import { buildCache, buildSource } from "../../lib/build-source.js";
import { Settings } from "../../lib/config/settings.js";

const settingsOf = (values = {}) =>
  new Settings({ file: "/p/essay.toml", directory: "/p", values, projectName: undefined });
const run: BuildHost["run"] = () => Promise.reject(new Error("nothing is to run"));
const here: BuildHost = { name: "this machine", isHere: true, run };
const there: BuildHost = { name: "ci@build1", isHere: false, run };

test("the repository is a folder of the machine that builds, or a URL", () => {
  const url = "git@git.example.com:web/essay_demo.git";
  const of = (flag: string | undefined, host: BuildHost, repo?: string) =>
    buildSource(settingsOf(repo === undefined ? {} : { git: { repo } }), flag, host);
  for (const host of [here, there]) assert.deepEqual(of(url, host, "."), { source: url, isFolder: false });
  assert.deepEqual(of(undefined, there, url), { source: url, isFolder: false });
  assert.deepEqual(of(undefined, here), { source: process.cwd(), isFolder: true });
  assert.deepEqual(of(undefined, here, "sub"), { source: "/p/sub", isFolder: true });
  assert.deepEqual(of("/srv/a.git", there), { source: "/srv/a.git", isFolder: true });
  assert.deepEqual(of(undefined, there, "~/a"), { source: "~/a", isFolder: true });
  assert.throws(() => of(undefined, there), /the repository of this folder is not on ci@build1: name one/);
  assert.throws(() => of(undefined, there, "."), /^UsageError: \. is not on ci@build1/);
  assert.throws(() => of("sub", there), /sub is not on ci@build1/);
});

test("so is the folder for what is fetched", () => {
  const of = (flag: string | undefined, host: BuildHost, path?: string) =>
    buildCache(settingsOf(path === undefined ? {} : { build: { path } }), flag, host);
  assert.equal(of(undefined, here), undefined);
  assert.equal(of(undefined, there), undefined);
  assert.equal(of(undefined, here, "cache"), "/p/cache");
  assert.equal(of("/x", here, "cache"), "/x");
  assert.equal(of("~/x", there), "~/x");
  assert.equal(of("~/x", here), "~/x");
  assert.throws(() => of(undefined, there, "cache"), /cache is no folder of ci@build1: begin it with/);
});
