import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { inPackage } from "../../../lib/base/package-root.js";

test("files and folders of the package", () => {
  assert.equal(JSON.parse(readFileSync(inPackage("package.json"), "utf8")).name, "essay");
  assert.match(inPackage("lib/remote/"), /\/lib\/remote\/$/);
  assert.ok(existsSync(inPackage("dist/bins/")));
});
