import assert from "node:assert/strict";
import { test } from "node:test";
import { latestVersion, publishedVersions } from "../../../lib/version/published.js";

const files = (...texts: string[]) =>
  texts.map((text) => ({ version: text.replace("!", ""), yanked: text.startsWith("!") }));

test("versions come once, the lowest first, in normal form", async () => {
  const listed = files(
    "6.11.21.10",
    "6.11.21.9",
    "v6.11.21.09",
    "6.11.21.9rc1",
    "1.0.nonsense",
    "6.11.21.9+fix-1",
  );
  assert.deepEqual(
    (await publishedVersions(listed)).map(({ version }) => version),
    ["6.11.21.9rc1", "6.11.21.9", "6.11.21.9+fix.1", "6.11.21.10"],
  );
});

test("a version is yanked when all of its files are", async () => {
  const listed = files("!1.0", "1.0", "!2.0", "!2.0", "3.0", "!3.0");
  assert.deepEqual(await publishedVersions(listed), [
    { version: "1.0", yanked: false },
    { version: "2.0", yanked: true },
    { version: "3.0", yanked: false },
  ]);
});

test("the latest is finished if any is, and never yanked", async () => {
  const latest = async (...texts: string[]) => latestVersion(await publishedVersions(files(...texts)));
  assert.equal(await latest("1.0", "2.0rc1", "!3.0", "1.5.dev1"), "1.0");
  assert.equal(await latest("1.0a1", "1.0.dev5", "!1.0"), "1.0a1");
  assert.equal(await latest("!1.0"), undefined);
  assert.equal(await latest(), undefined);
});
