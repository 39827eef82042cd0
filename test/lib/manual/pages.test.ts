import assert from "node:assert/strict";
import { test } from "node:test";
import { codeEntry, manualPages, pageNamed, shortName, titleOf } from "../../../lib/manual/pages.js";

test("pages are in the order of their sections", () => {
  const names = manualPages().map(({ name, section }) => `${name}.${section}`);
  assert.equal(names[0], "es.1");
  assert.deepEqual(names.slice(-4), ["es-record.5", "essay.toml.5", "essay.7", "essay-recipes.7"]);
});

test("a page is found by its name, its short name, and with its section", () => {
  const found = (word: string) => pageNamed(word)?.name;
  for (const word of ["venv", "es-venv", "es-venv(1)", "es-venv.1", "venv(1)"])
    assert.equal(found(word), "es-venv");
  assert.equal(found("es"), "es");
  assert.equal(found("essay"), "essay");
  assert.equal(found("recipes"), "essay-recipes");
  for (const word of ["essay.toml", "toml", "essay.toml.5"]) assert.equal(found(word), "essay.toml");
  for (const word of ["venv(5)", "../man/es", "", "es-"]) assert.equal(found(word), undefined);
});

test("short names stand for one page each", () => {
  const short = manualPages().map(shortName);
  assert.equal(new Set(short).size, short.length);
});

test("each page has a title", () => {
  for (const page of manualPages()) assert.match(titleOf(page), /^[a-z].{9,}[^.]$/, page.name);
});

test("what is said of a code is its item, also where several share one", () => {
  assert.match(codeEntry("refused") ?? "", /^\.It Li refused\nNothing listens[^.]*\.\n$/);
  assert.match(codeEntry("no-git") ?? "", /^\.It Li no-program , no-git\n/);
  assert.match(codeEntry("cut-short") ?? "", /balancers\.\n$/);
  for (const word of ["venv", "error", ",", "Li", ".It"]) assert.equal(codeEntry(word), undefined, word);
});
