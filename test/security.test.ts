// SECURITY.md: the tests that it names are there, and the list of packages is that of package-lock.json.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");
const text = read("SECURITY.md");

test("each promise names tests that are there", () => {
  const rows = text.split("\n").filter((line) => /^\| .*`test\//.test(line));
  assert.ok(rows.length > 8, "the promises are not found any more");
  for (const row of rows)
    for (const [, file = "", name = ""] of row.matchAll(/`(test\/[^`]+)`: (.*?)(?=<br>| \|$)/g)) {
      assert.ok(existsSync(join(root, file)), `there is no ${file}`);
      assert.ok(read(file).includes(name), `${file} has no test "${name}"`);
    }
});

interface Package {
  dev?: true;
  optional?: true;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** Licences that let anybody use and pass on what has them. */
const free = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unlicense"];

/** The licence that a package names; undefined for one that is not installed. */
function licenceOf(name: string): string | undefined {
  const manifest = `node_modules/${name}/package.json`;
  if (!existsSync(join(root, manifest))) return undefined;
  const { license, licenses } = JSON.parse(read(manifest));
  return license ?? licenses?.map(({ type }: { type: string }) => type).join(" or ");
}

test("the packages that are installed, with their licences and reasons", () => {
  const locked = Object.entries<Package>(JSON.parse(read("package-lock.json")).packages)
    .filter(([path, { dev }]) => path !== "" && !dev)
    .map(([path, one]) => ({ name: path.replace(/^.*node_modules\//, ""), ...one }));
  const listed = [...text.matchAll(/^\| (@?[a-z][\w./-]+) +\| ([\w.-]+) +\| (.*?) +\|$/gm)]
    .map(([, name = "", licence = "", why = ""]) => ({ name, licence, why }))
    .filter(({ name }) => name !== "package" && name !== "promise");
  assert.deepEqual(
    listed.map(({ name }) => name),
    locked.map(({ name }) => name).sort(),
  );
  const own = Object.keys(JSON.parse(read("package.json")).dependencies);
  for (const { name, licence, why } of listed) {
    assert.ok(free.includes(licence), `${name}: ${licence}`);
    assert.equal(licenceOf(name) ?? licence, licence, name);
    const users = locked
      .filter((one) => Object.hasOwn({ ...one.dependencies, ...one.optionalDependencies }, name))
      .map((one) => one.name)
      .sort();
    if (!own.includes(name)) assert.equal(why.replace("; may be missing", ""), `for ${users.join(", ")}`);
    const { optional = false } = locked.find((one) => one.name === name) ?? {};
    assert.equal(why.endsWith("may be missing"), optional, name);
  }
  const missing = listed.filter(({ why }) => why.endsWith("may be missing")).length;
  assert.ok(text.includes(`${listed.length} packages, ${missing} of which may be missing`));
});
