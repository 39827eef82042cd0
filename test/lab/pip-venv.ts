// Virtualenvs for tests of es-pip, and an index with small projects.

import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext } from "node:test";
import type { ReleaseFile } from "../../lib/base/schema.js";
import { type LabIndex, startIndex } from "./index.js";
import { expectStatus, type RunOptions, recordsOf, scratch } from "./program.js";
import { tiny } from "./tiny.js";
import { copyVenv, makeVenv, newVenv, siteOf } from "./venv.js";

/** The index of the test file. */
export let index: LabIndex;

/** A directory with a virtualenv in which tiny 1.0 is installed. */
let tinyPrefix: string | undefined;

/** A home directory with a virtualenv, and the record of it. */
export interface Deployed {
  home: string;
  venv: string;
  site: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into records of every kind
  record: any;
}

/** Starts the index before the tests of the file; call it once. */
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
  });
  after(async () => {
    await index.stop();
    if (tinyPrefix !== undefined) rmSync(tinyPrefix, { recursive: true });
  });
}

/** A private home directory, and the virtualenv that is made below the prefix in it. */
async function homeWith(t: TestContext, make: (prefix: string, home: string) => ReturnType<typeof newVenv>) {
  const home = realpathSync(scratch(t));
  const { trace: _, ...record } = await make(join(home, "srv"), home);
  const venv: string = record.venv.path;
  return { home, venv, site: siteOf(venv), record };
}

/** A private home directory with a virtualenv; a copy, unless it is to be made in another environment. */
export function deployed(t: TestContext, env?: NodeJS.ProcessEnv): Promise<Deployed> {
  return homeWith(t, (prefix, home) => (env ? makeVenv(prefix, { HOME: home, ...env }) : newVenv(prefix)));
}

/** The same with tiny 1.0, which is installed once. */
export async function withTiny(t: TestContext): Promise<Deployed> {
  if (tinyPrefix !== undefined) return homeWith(t, (prefix) => newVenv(prefix, tinyPrefix));
  const at = await deployed(t);
  await run(at, 0, ["tiny==1.0"]);
  tinyPrefix = mkdtempSync(join(tmpdir(), "essay-tiny-"));
  copyVenv(at.venv, join(tinyPrefix, "a"));
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
