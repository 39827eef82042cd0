import assert from "node:assert/strict";
import { test } from "node:test";
import { inline, isInline, unescaped, Words, wordsOf } from "../../../lib/manual/words.js";

/** What a line of the page es-venv says. */
function said(line: string): string {
  const words = new Words();
  inline(wordsOf(line), words, "es-venv");
  return words.list.join(" ");
}

test("words stand apart, marks stand with them", () => {
  assert.equal(said("Ar FILE , NAME ."), "FILE, NAME.");
  assert.equal(said("Op Fl -failed | Fl -ok"), "[--failed | --ok]");
  assert.equal(said("Fl R Ns | Ns Fl -role Ar ROLE ;"), "-R|--role ROLE;");
  assert.equal(said("Nm es- Ns Ar NAME"), "es-NAME");
  assert.equal(said("Nm ,"), "es-venv,");
  assert.equal(said("Xr es-pip 1 ."), "es-pip(1).");
  assert.equal(said("Fl"), "-");
});

test("what is enclosed ends with its line, or where it is closed", () => {
  assert.equal(said("Pq Ql a b , c ."), "('a b, c').");
  assert.equal(said("Ql ( hosts ,"), "('hosts',");
  assert.equal(said("Oo Fl q Oc Op Ar A Op Ar B"), "[-q] [A [B]]");
});

test("quoted words and escapes are text", () => {
  assert.deepEqual(wordsOf('Li "a b" c\\ d'), ["Li", "a b", "c\\ d"]);
  assert.equal(unescaped("\\(dqa\\e\\&.b\\(aq"), "\"a\\.b'");
  assert.throws(() => unescaped("\\(xx"), /not known: \\\(xx/);
});

test("macros that begin a block are none of a line's", () => {
  assert.ok(["Fl", "Op", "Oo", "Oc", "Ns", "Xr"].every(isInline));
  assert.ok(!["Bl", "Sh", "toString", "Xx"].some(isInline));
});
