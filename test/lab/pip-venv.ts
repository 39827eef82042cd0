// Virtualenvs for tests of es-pip, and an index with small projects. A test file makes one virtualenv by es-venv, and
// each test works on a copy of it: es-pip takes the path from the record, and starts `bin/python` of it.

import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext } from "node:test";
import type { ReleaseFile } from "../../lib/base/schema.js";
import { type LabIndex, startIndex } from "./index.js";
import { expectStatus, type RunOptions, recordsOf, scratch } from "./program.js";
import { tiny } from "./tiny.js";
import { copyVenv, makeVenv, putCompiledPip, siteOf } from "./venv.js";

/** The index of the test file. */
export let index: LabIndex;

/** Home directories with a virtualenv that all others are copies of. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into records of every kind
const first = { home: "", withTiny: "", record: {} as any };

/** A home directory with a virtualenv, and the record of it. */
export interface Deployed {
  home: string;
  venv: string;
  site: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into records of every kind
  record: any;
}

/** Starts the index and makes the first virtualenv, before the tests of the file; call it once. */
export function setUp(): void {
  before(async () => {
    index = await startIndex();
    tiny(index.directory, "1.0");
    tiny(index.directory, "1.0.5");
    await expectStatus(0, "es-index", ["yank", index.directory, "tiny", "1.0.5", "--reason", "broken"]);
    tiny(index.directory, "1.1");
    tiny(index.directory, "1.1+fixbug");
    tiny(index.directory, "3.0", "picky", "", ["Requires-Python: >=3.99"]);
    tiny(index.directory, "1.0", "needs", "", ["Requires-Dist: tiny>=1.0,<1.1"]);
    tiny(index.directory, "2.0", "needs", "", ["Requires-Dist: nosuchdist"]);
    tiny(index.directory, "1.0", "third");
    first.home = realpathSync(mkdtempSync(join(tmpdir(), "essay-home-")));
    first.record = await made(first.home);
    putCompiledPip(placesIn(first.home).venv);
  });
  after(async () => {
    await index.stop();
    for (const home of [first.home, first.withTiny]) rmSync(home, { recursive: true, force: true });
  });
}

/** Makes a virtualenv in a home directory. */
async function made(home: string, env: NodeJS.ProcessEnv = {}) {
  const { trace: _, ...record } = await makeVenv(join(home, "srv"), { HOME: home, ...env });
  return record;
}

function placesIn(home: string) {
  const venv = join(home, "srv/a");
  return { home, venv, site: siteOf(venv) };
}

/** A private home directory with the virtualenv of another one. */
function copyOf(t: TestContext, from: string): Deployed {
  const home = realpathSync(scratch(t));
  copyVenv(join(from, "srv/a"), join(home, "srv/a"));
  const places = placesIn(home);
  const own = { prefix: join(home, "srv"), venv: { name: "a", path: places.venv } };
  return { ...places, record: { ...first.record, ...own } };
}

/** A private home directory with a virtualenv; a copy of the first one, unless it is to be made in another environment. */
export async function deployed(t: TestContext, env?: NodeJS.ProcessEnv): Promise<Deployed> {
  if (!env) return copyOf(t, first.home);
  const home = realpathSync(scratch(t));
  const record = await made(home, env);
  return { ...placesIn(home), record };
}

/** The same with tiny 1.0, which is installed once. */
export async function withTiny(t: TestContext): Promise<Deployed> {
  if (first.withTiny !== "") return copyOf(t, first.withTiny);
  const at = await deployed(t);
  await run(at, 0, ["tiny==1.0"]);
  first.withTiny = mkdtempSync(join(tmpdir(), "essay-home-"));
  copyVenv(at.venv, join(first.withTiny, "srv/a"));
  return at;
}

/** Puts another program into the place of pip. */
export function replacePip({ site }: Deployed, python: string): void {
  // Its compiled files would be taken for it; the file itself belongs to other virtualenvs, too.
  rmSync(join(site, "pip/__pycache__"), { recursive: true });
  rmSync(join(site, "pip/__main__.py"));
  writeFileSync(join(site, "pip/__main__.py"), python);
}

/** Runs es-pip for a virtualenv, with the index of the test file. */
export async function run(
  at: Deployed,
  status: number,
  args: string[],
  options: RunOptions & { record?: object } = {},
) {
  const ran = await expectStatus(status, "es-pip", args, {
    input: `${JSON.stringify({ ...at.record, ...options.record })}\n`,
    cwd: at.home,
    limit: 120_000,
    ...options,
    env: { HOME: at.home, ESSAY_INDEX: index.url, ...options.env },
  });
  const [record] = recordsOf(ran.stdout);
  return { ...ran, record, entry: record?.trace?.at(-1), error: record?.error };
}

/** What is installed, as the folders of metadata say. */
export function installed({ site }: Deployed): string[] {
  const infos = readdirSync(site).map((name) => /^([^~-][^-]*)-(.*)\.dist-info$/.exec(name));
  return infos
    .flatMap((info) =>
      info && !/^(pip|setuptools|wheel)$/.test(info[1] ?? "") ? [`${info[1]}==${info[2]}`] : [],
    )
    .sort();
}

/** The file that names the steps that were cut short. */
export const mark = ({ venv }: Deployed) => join(venv, ".essay/changing");

/** How many times the virtualenv has been changed. */
export const generation = ({ venv }: Deployed) =>
  Number(readFileSync(join(venv, ".essay/generation"), "utf8"));

/** A release record in a file. */
export function release(at: Deployed, files: ReleaseFile[], more: object = {}): string {
  const file = join(at.home, "release.jsonl");
  const commit = "0123456789012345678901234567890123456789";
  const { name, version } = files[0] as ReleaseFile;
  const record = { project: name, version, commit, files, index: index.url, ...more };
  writeFileSync(file, `${JSON.stringify(record)}\n`);
  return file;
}

export const wheelOf = (files: ReleaseFile[]) => files.filter(({ kind }) => kind === "wheel");
