// Text that a terminal would obey, in all that a program is given: arguments, records, configuration. What each program
// says of it, and its tables, come to a terminal as text and nothing else; so does what a report says.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ourPrograms } from "../../lib/base/program.js";
import { checkPrintable } from "../fuzz/subject.js";
import { expectStatus, scratch } from "../lab/program.js";
import { atTerminal } from "../lab/terminal.js";

/** Clears the screen (C0), changes colours (C1), a DEL, another direction (bidi), another title. */
const hostile = "h\u001b[2J\u009b31m\u007f\u202e\u061c\u001b]0;x\u0007";

/** Arguments with which each program comes as far as its records and its configuration. */
const programs: Readonly<Record<string, readonly string[]>> = {
  es: [],
  "es-check": [],
  "es-completion": [],
  "es-conf": ["essay.toml:x"],
  "es-conform": ["--", "cat"],
  "es-doctor": [],
  "es-fetch": ["x==1"],
  "es-gate": [],
  "es-help": [],
  "es-hosts": ["dev"],
  "es-import": [],
  "es-index": ["none/none"],
  "es-init": [],
  "es-live": ["--side", "a=A", "--side", "b=B"],
  "es-nginx": ["test"],
  "es-nginx-switch": ["a", "b"],
  "es-pick": ["--failed"],
  "es-pip": ["x==1"],
  "es-report": [],
  "es-roll": ["1", "--", "cat"],
  "es-run": ["--", "true"],
  "es-sdist": ["--branch", "x"],
  "es-session": ["true"],
  "es-status": [],
  "es-supervisor": ["status"],
  "es-upload": [],
  "es-venv": ["a"],
  "es-version": ["latest"],
  "es-wheel": [],
};

const failure = { step: hostile, code: hostile, message: hostile, stderr: `one\n${hostile}` };
const record = {
  host: hostile,
  project: hostile,
  version: hostile,
  live: hostile,
  venv: { name: hostile, path: "/srv/a" },
  installed: { [hostile]: hostile },
  processes: [{ name: hostile, state: hostile, pid: 1, port: null }],
  trace: [{ step: hostile, args: [hostile], at: "2026-01-31T08:00:00Z", ms: 1, changed: true }],
  error: failure,
};
/** The second line is none: what is said of it shows a part of it. */
const input = `${JSON.stringify(record)}\n{"host":${hostile}}\n`;

/** Sees that nothing in what a terminal was sent is for it, save our own colours and the line that is drawn anew. */
function checkShown(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is our own
  const rest = text.replace(/\r\n|\r\u001b\[K|\u001b\[(?:31|1|0)?m|\n/g, "");
  assert.doesNotMatch(rest, /[\p{Cc}\p{Bidi_Control}]/u, JSON.stringify(text));
}

test("every program has its row", () => {
  assert.deepEqual(Object.keys(programs).sort(), ourPrograms().sort());
});

for (const [name, args] of Object.entries(programs))
  test(`${name}: nothing of what it is given is for the terminal`, async (t) => {
    const cwd = scratch(t);
    const toml = join(cwd, "essay.toml");
    writeFileSync(join(cwd, "in"), input);
    writeFileSync(toml, `[alias]\n${JSON.stringify(hostile)} = ${JSON.stringify(hostile)}\n`);
    writeFileSync(join(cwd, "fabfile.py"), `env.x = ${JSON.stringify(hostile)}\n`);
    const line = [name, ...args].map((word) => `'${word}'`).join(" ");
    const script = [
      `${name} "--$H"`,
      `${name} "$H" <in`,
      `${line} "$H" <in`,
      `${line} <in`,
      `${line} -v --json <in`,
      `printf '%s = 1\\n' "$K" >essay.toml; ${line} <in`,
    ].join("\n");
    const env = { H: hostile, K: JSON.stringify(hostile), HOME: cwd, ESSAY_INDEX: "http://127.0.0.1:9/" };
    const ran = await atTerminal(script, [], { cwd, env });
    checkShown(ran.stdout);
    assert.ok(ran.stdout.includes("\\x1b[2J"), `it was not shown at all\n${JSON.stringify(ran.stdout)}`);
  });

test("a report has it as text, in HTML and in Markdown", async (t) => {
  const file = join(scratch(t), "report.html");
  const line = `${JSON.stringify(record)}\n`;
  const { stdout } = await expectStatus(1, "es-report", ["--markdown"], { input: line });
  await expectStatus(1, "es-report", ["--html", file], { input: line });
  for (const text of [stdout, readFileSync(file, "utf8")]) {
    checkPrintable(text);
    assert.match(text, /\\x1b/);
  }
});
