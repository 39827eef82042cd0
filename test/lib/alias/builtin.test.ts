import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { builtinAliases } from "../../../lib/alias/builtin.js";
import { parseTemplate } from "../../../lib/alias/template.js";

const manifest = JSON.parse(readFileSync(new URL("../../../../package.json", import.meta.url), "utf8"));
const executables = Object.keys(manifest.bin);

test("every alias can be read, and is made of executables of this package", () => {
  for (const [name, text] of Object.entries(builtinAliases))
    for (const stage of parseTemplate(text).flat()) {
      const program = stage.flat().find((part) => typeof part === "string");
      assert.ok(executables.includes(program as string), `${name}: ${program}`);
    }
});

test("no alias has the name of an executable, which would be run instead", () => {
  for (const name of Object.keys(builtinAliases)) assert.ok(!executables.includes(`es-${name}`), name);
});
