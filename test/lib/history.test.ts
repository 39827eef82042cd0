import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Settings } from "../../lib/config/settings.js";
import { noteTaker, parseHistory } from "../../lib/history.js";
import { scratch } from "../lab/program.js";

const settings = (directory: string, file: string) =>
  new Settings({ file: undefined, directory, values: { history: { file } }, projectName: "demo" });

test("a note has what is known, and keeps its line where history.file says", (t) => {
  const directory = scratch(t);
  const warnings: string[] = [];
  const context = { name: "es-pip", argv: ["p==1"], warn: (line: string) => warnings.push(line) };
  const note = noteTaker(
    context,
    settings(directory, "h.jsonl"),
  )({ host: "web1", version: "1", vars: { a: 1 } });
  const { at, user, ...rest } = note.fields;
  assert.match(String(at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.ok(user);
  assert.deepEqual(rest, {
    ...{ from: hostname(), step: "es-pip", args: ["p==1"], host: "web1", project: "demo", version: "1" },
  });
  assert.equal(note.folder, "~/demo/.essay");
  note.keep("one");
  note.keep("two");
  assert.equal(readFileSync(join(directory, "h.jsonl"), "utf8"), "one\ntwo\n");
  assert.equal(statSync(join(directory, "h.jsonl")).mode & 0o777, 0o600);
  assert.deepEqual(warnings, []);
  note.lost("no space");
  const lost = noteTaker(
    context,
    settings(directory, "no/such/h.jsonl"),
  )({ host: "web1", prefix: "/srv/p/" });
  assert.equal(lost.folder, "/srv/p/.essay");
  lost.keep("one");
  lost.keep("two");
  assert.equal(warnings.length, 2, warnings.join("\n"));
  assert.match(warnings[1] ?? "", /no\/such\/h\.jsonl/);
});

test("lines that are none are left out; unknown members stay", async () => {
  const deed = {
    ...{ at: "x", user: "u", from: "f", step: "s", args: [], changes: ["c"], outcome: "done", new: 1 },
  };
  const line = JSON.stringify(deed);
  const odd = [{ outcome: "odd" }, { version: 3 }].map((member) => JSON.stringify({ ...deed, ...member }));
  assert.deepEqual(await parseHistory([line, line.slice(0, 20), "", "null", "[]", ...odd]), [deed]);
});
