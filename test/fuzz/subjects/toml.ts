// Configuration: the input is an essay.toml, a pyproject.toml, and a setup.cfg.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "../../../lib/base/json.js";
import { parseToml, type TomlValue, tomlKey, tomlText, tomlValue } from "../../../lib/base/toml.js";
import { loadConfig } from "../../../lib/config/load.js";
import { check } from "../../../lib/config/schema.js";
import { declaredReadme, declaredTable, pkgInfo } from "../../../lib/package/metadata.js";
import { parsePyproject, setProjectVersion } from "../../../lib/package/render.js";
import { readSetupCfg } from "../../../lib/package/setup-cfg.js";
import { namesOfObjects, type Subject, unlessRefused } from "../subject.js";

/** True for what JSON has, too: dates and numbers that are none are not written by us. */
function isPlain(value: unknown): value is TomlValue {
  if (Array.isArray(value)) return value.every(isPlain);
  if (isObject(value)) return !(value instanceof Date) && Object.values(value).every(isPlain);
  return typeof value === "number"
    ? Number.isFinite(value) && !Number.isInteger(value)
    : typeof value !== "bigint";
}

async function checkWritten(document: Record<string, unknown>): Promise<void> {
  const values = Object.entries(document).filter((entry): entry is [string, TomlValue] => isPlain(entry[1]));
  const text = values.map(([key, value]) => `${tomlKey(key)} = ${tomlValue(value)}\n`).join("");
  const again = await parseToml(text);
  assert.ok("document" in again, JSON.stringify(again));
  assert.equal(Object.entries(again.document).length, values.length);
  assert.deepEqual(JSON.stringify(again.document), JSON.stringify(Object.fromEntries(values)));
}

async function checkVersion(text: string): Promise<void> {
  const changed = await unlessRefused(() => setProjectVersion(text, "9.8.7"));
  if (changed === undefined) return;
  const { project } = await parsePyproject(changed);
  if (changed !== text) assert.equal(isObject(project) && project.version, "9.8.7");
}

export const toml: Subject = {
  name: "toml",
  cases: 4000,
  words: [
    ...[
      "[",
      "]",
      "[[",
      "]]",
      "{",
      "}",
      "=",
      ",",
      ".",
      "\n",
      '"',
      "'",
      '"""',
      "'''",
      "#",
      "\\u001b",
      "\\",
      "\r\n",
      "\0",
    ],
    ...[
      "[project]\n",
      'name = "demo"\n',
      'version = "1.0"\n',
      "[env.staging]\n",
      "[roles]\n",
      'dev = ["@local"]\n',
    ],
    ...[
      "[alias]\n",
      "[deploy]\n",
      "[[deploy.conf]]\n",
      "[nginx.sides]\n",
      "[metadata]\n",
      "long_description = file: a\n",
    ],
    ...[
      "1e400",
      "nan",
      "inf",
      "1979-05-27",
      "0x_1",
      "true",
      "99999999999999999999",
      "[tool.essay]\n",
      "\ufeff",
      "\u0085",
    ],
    ...namesOfObjects,
    ...namesOfObjects.map((name) => `[env.staging."${name}"]\nproject = "x"\n`),
  ],
  open: async (folder) => ({
    async read(input) {
      const text = input.toString("utf8");
      const read = await parseToml(text);
      readSetupCfg(text);
      await unlessRefused(() => declaredTable(undefined, readSetupCfg(text)));
      await checkVersion(text);
      assert.equal(
        ((await parseToml(`a = ${tomlText(text)}`)) as { document: { a: string } }).document.a,
        text.toWellFormed(),
      );
      for (const file of ["essay.toml", "pyproject.toml"]) {
        await writeFile(join(folder, file), input);
        const choice = { configFile: join(folder, file), configEnv: undefined };
        const config = await unlessRefused(() => loadConfig(choice));
        await unlessRefused(() => loadConfig({ ...choice, configEnv: "staging" }));
        if (file === "essay.toml" && config)
          assert.equal(Object.getPrototypeOf(config.values), Object.prototype);
      }
      if (!("document" in read)) {
        assert.ok(read.line >= 1);
        return false;
      }
      const { document } = read;
      await checkWritten(document);
      check(document);
      const project = isObject(document.project) ? document.project : undefined;
      await unlessRefused(() => {
        const table = declaredTable(project, {});
        declaredReadme(table);
        const info = pkgInfo("demo", "1.0", table, undefined);
        assert.equal(info.match(/^Name: /gm)?.length, 1, info);
        assert.doesNotMatch(info, /\n\n/, "a value has begun the description");
      });
      return true;
    },
  }),
};
