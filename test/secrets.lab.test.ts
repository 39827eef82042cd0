// Secrets of every kind on their way through all programs of a release and a deploy, which say as much as they can (-v):
// none of them is in any output, record, log, history or report, nor in any process list meanwhile, here and on hosts.

import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { hashSync } from "bcryptjs";
import { type Deployment, startDeployment } from "./lab/deployment.js";
import { type LabIndex, startIndex } from "./lab/index.js";
import type { Ran } from "./lab/program.js";
import { atTerminal } from "./lab/terminal.js";

/** In a URL of the configuration, in .pypirc, typed at a prompt, in a template, a value for a template, a variable. */
const secrets = {
  url: "Aurl7secret",
  pypirc: "Bpypirc7secret",
  typed: "Ctyped7secret",
  template: "Dtemplate7secret",
  value: "Evalue7secret",
  variable: "Fvariable7secret",
};
const users = { ann: secrets.url, bob: secrets.pypirc, eve: secrets.typed };
const basic = Object.entries(users).map((pair) => Buffer.from(pair.join(":")).toString("base64"));
const marks = [...Object.values(secrets), ...basic];

const found = (text: string) => marks.filter((mark) => text.includes(mark));

/** Looks at all processes again and again. */
class Watch {
  /** Secrets that a process list has shown, with the command line. */
  readonly shown = new Set<string>();
  /** Secrets in the environment of processes of the hosts' accounts, with these. */
  readonly inherited = new Set<string>();
  readonly seen = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor(uids: readonly number[]) {
    this.#timer = setInterval(() => this.#look(uids), 40);
  }

  #look(uids: readonly number[]): void {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        // What types the answers is the person, not a program of ours.
        if (line.includes("lab/terminal.py")) continue;
        this.seen.add(line);
        for (const mark of found(line)) this.shown.add(`${mark}: ${line}`);
        if (!uids.includes(statSync(`/proc/${pid}`).uid)) continue;
        for (const mark of found(readFileSync(`/proc/${pid}/environ`, "utf8"))) this.inherited.add(mark);
      } catch {
        // it has ended
      }
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

/** The files below a folder in which a secret stands, and which. */
function filesWith(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const file = join(entry.parentPath, entry.name);
      return found(readFileSync(file, "latin1")).map((mark) => `${file.slice(folder.length + 1)}: ${mark}`);
    })
    .sort();
}

let lab: Deployment;
let index: LabIndex;
before(async () => {
  lab = await startDeployment({ hosts: 2 });
  const passwords = join(lab.ssh.directory, "htpasswd");
  const lines = Object.entries(users).map(([name, password]) => `${name}:${hashSync(password, 4)}\n`);
  writeFileSync(passwords, lines.join(""));
  index = await startIndex({ flags: ["-v", "--private", "--htpasswd", passwords] });
});
after(async () => {
  await index?.stop();
  await lab?.stop();
});

test("secrets of every kind are nowhere but where they belong", async (t) => {
  const home = join(lab.ssh.directory, "ours");
  const root = index.url.replace("simple/", "");
  const toml = join(lab.project, "essay.toml");
  writeFileSync(join(lab.project, "app.tpl"), `${secrets.template} {{env.APP_KEY}}\n`);
  appendFileSync(
    toml,
    `\n[index]\nurl = "${index.url.replace("//", `//ann:${secrets.url}@`)}"\n` +
      `\n[[deploy.conf]]\nfrom = "app.tpl"\nto = "etc/app.conf"\nmode = "0600"\nenv = ["APP_KEY"]\n`,
  );
  const env = { HOME: home, ESSAY_INDEX: "", APP_KEY: secrets.value, PW: secrets.variable };
  const watch = new Watch(lab.ssh.hosts.map(({ uid }) => uid));
  t.after(() => watch.end());
  const texts: string[] = [];
  const run = async (script: string): Promise<Ran> => {
    const ran = await lab.sh(`set -o pipefail; ${script}`, { env, limit: 300_000 });
    texts.push(ran.stdout, ran.stderr);
    assert.deepEqual(found(ran.stdout + ran.stderr), [], `an output has a secret\n${ran.report}`);
    assert.equal(ran.status, 0, ran.report);
    return ran;
  };

  mkdirSync(home);
  const repository = [
    "[internal]",
    `repository = ${root}`,
    "username = bob",
    `password = ${secrets.pypirc}`,
    "",
  ];
  writeFileSync(join(home, ".pypirc"), repository.join("\n"), { mode: 0o600 });
  await run("git add -A && git commit -qm more");
  await run(`es-version next -v | es-sdist --branch master -v | es-wheel -v |
    es-upload -r internal -v | tee release.jsonl`);
  await run(`rm ~/.pypirc; version=$(sed 's/.*"version":"\\([^"]*\\)".*/\\1/' release.jsonl | head -n 1)
    es-session sh -c "es-hosts dev | es-venv a -v | es-pip essay_demo==$version -v | es-conf -v |
      es-run -v --setenv PW -- sh -c 'echo \\$PW; echo \\$PW >&2; sleep 0.3' | es-supervisor up --profile test -v |
      es-check -v" | tee out.jsonl`);
  await run("es-report --markdown --html report.html <out.jsonl; es-status --history -v <out.jsonl");
  const asked = await atTerminal(
    `es-upload -v --index ${root} <release.jsonl >typed.jsonl`,
    [
      [`User name for ${new URL(root).origin}: `, "eve\r"],
      ["Password of eve", `${secrets.typed}\r`],
    ],
    { cwd: lab.project, env: { ...env, ESSAY_ENV: "" } },
  );
  assert.equal(asked.status, 0, asked.report);
  texts.push(asked.stdout, asked.stderr, index.log(), lab.ssh.log());
  watch.end();

  assert.deepEqual(found(texts.join("\n")), [], "an output or a log has a secret");
  assert.deepEqual([...watch.shown], [], "a process list has shown a secret");
  assert.ok(
    [...watch.seen].some((line) => /-m pip install/.test(line)),
    "nothing was looked at",
  );
  // The command itself has its variable, and nothing else has anything.
  assert.deepEqual([...watch.inherited], [secrets.variable]);
  // What was written here says nothing; the template and the configuration are the user's own.
  assert.deepEqual(
    filesWith(lab.project).filter((line) => !/^(essay\.toml|app\.tpl|\.git\/)/.test(line)),
    [],
  );
  for (const { home: theirs } of lab.ssh.hosts)
    assert.deepEqual(filesWith(theirs), [
      `essay_demo/a/etc/app.conf: ${secrets.template}`,
      `essay_demo/a/etc/app.conf: ${secrets.value}`,
    ]);
});
