// The examples of the manual do what the pages show: run as typed, in the project of a release.

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { committer } from "./lab/deployment.js";
import { startIndex } from "./lab/index.js";
import { pages, pattern } from "./lab/manual.js";
import { nginxBin, startNginx } from "./lab/nginx.js";
import { freePrefix } from "./lab/ports.js";
import { type Ran, scratch, shell } from "./lab/program.js";

// On this day the next version is 26.1.31.1, and in every run the same commit gives the same bytes.
const moment = "1769846400";
const day = {
  SOURCE_DATE_EPOCH: moment,
  TZ: "UTC",
  GIT_AUTHOR_DATE: `${moment} +0000`,
  GIT_COMMITTER_DATE: `${moment} +0000`,
};

function expectSuccess(ran: Ran): void {
  assert.equal(ran.status, 0, ran.report);
}

interface Release {
  project: string;
  /** What the index has. */
  files: string;
  /** The URL that it had. */
  index: string;
}

/** Makes the project essay_demo and its first release, whose record is release.jsonl. */
async function makeRelease(directory: string): Promise<Release> {
  const index = await startIndex();
  const env = { ...day, ...committer, HOME: directory, ESSAY_INDEX: index.url };
  const project = join(directory, "essay_demo");
  const files = join(directory, "files");
  try {
    expectSuccess(await shell("es create essay_demo", { cwd: directory, env }));
    const build = "es-version next | es-sdist | es-wheel | es-upload >release.jsonl";
    expectSuccess(await shell(build, { cwd: project, env }));
    cpSync(index.directory, files, { recursive: true });
  } finally {
    await index.stop();
  }
  return { project, files, index: index.url };
}

/**
 * Works as a reader of a page would, who has the project, an index with its first release, an nginx, and a home.
 * Processes under supervisord end before their files go.
 */
async function atDesk(
  t: TestContext,
  release: Release,
  work: (run: (script: string) => Promise<Ran>) => Promise<void>,
): Promise<void> {
  const home = scratch(t);
  const project = join(home, "src/essay_demo");
  cpSync(release.project, project, { recursive: true });
  const index = await startIndex();
  t.after(() => index.stop());
  cpSync(release.files, index.directory, { recursive: true });
  const record = join(project, "release.jsonl");
  writeFileSync(record, readFileSync(record, "utf8").replaceAll(release.index, index.url));
  const [a, b] = [await freePrefix(), await freePrefix()];
  const upstream = (prefix: string) => [0, 1].map((last) => `127.0.0.1:${prefix}${last}`);
  const nginx = await startNginx({ upstreams: { upstreamA: upstream(a), upstreamB: upstream(b) } });
  t.after(() => nginx.stop());
  const file = join(project, "essay.toml");
  const text = readFileSync(file, "utf8")
    .replace(/^a = .*\nb = .*$/m, `a = "${a}"\nb = "${b}"`)
    .replace(/^dev = .*$/m, 'dev = ["@local"]\nweb = ["@local"]\nnginx = ["@local"]')
    .replace(
      /\n# \[nginx\][\s\S]*$/,
      `\n[nginx]\nbin = "${nginxBin}"\nconf = "${nginx.conf}"\nsides = { a = "upstreamA", b = "upstreamB" }\n`,
    );
  writeFileSync(file, text);
  const conf = join(project, "conf/supervisord.conf");
  // No page shows a process that needs longer to find that it cannot work.
  writeFileSync(conf, readFileSync(conf, "utf8").replace(/^startsecs=.*$/m, "startsecs=1"));
  const env = { ...day, ...committer, HOME: home, ESSAY_INDEX: index.url };
  const run = (script: string) => shell(script, { cwd: project, env, limit: 120_000 });
  try {
    await work(run);
  } finally {
    const venvs = join(home, "essay_demo");
    for (const name of existsSync(venvs) ? readdirSync(venvs) : [])
      if (existsSync(join(venvs, name, "etc/supervisord.conf")))
        expectSuccess(await run(`es-hosts @local | es-venv ${name} | es-supervisor shutdown`));
  }
}

test("the examples of every page do what it shows", async (t) => {
  const directory = join(scratch(t), "release");
  mkdirSync(directory);
  const release = await makeRelease(directory);
  for (const { name, examples } of pages()) {
    if (examples.length === 0) continue;
    await t.test(name, (t) =>
      atDesk(t, release, async (run) => {
        for (const { command, shown } of examples) {
          const ran = await run(`exec 2>&1\n${command}\n`);
          expectSuccess(ran);
          if (shown.length > 0)
            assert.match(
              ran.stdout,
              pattern(shown),
              `${ran.report}--- the page shows\n${shown.join("\n")}\n`,
            );
        }
      }),
    );
  }
});

test("every page of section 1 has an example that is run", () => {
  const without = pages().filter(({ name, examples }) => name.endsWith(".1") && examples.length === 0);
  assert.deepEqual(
    without.map(({ name }) => name),
    [],
  );
});
