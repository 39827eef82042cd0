// One commit of a repository, as lib/remote/checkout.sh gives it: here or on a build host. No work tree is
// involved: what lies about in one, changed or not, has no part in a release.

import { EndOfBytes } from "../base/bytes.js";
import { Failure } from "../base/failure.js";
import { didYouMean } from "../base/nearest.js";
import { printable } from "../base/printable.js";
import { hasCredentials, hideCredentials } from "../base/url.js";

/** What is to be packed. */
export type Wanted = { commit: string } | { tag: string } | { branch: string };

/** What is to be read, and where. */
export interface CheckoutRequest {
  /** A folder of that machine, or an address for git, which may hold credentials. */
  source: string;
  isFolder: boolean;
  wanted: Wanted;
  /** The folder for what is fetched; undefined for the usual one. */
  cache: string | undefined;
  /** A command that runs in the tree before it is read. */
  preBuild: string | undefined;
  project: string;
  version: string;
  /** Further files that are rendered. */
  settings: readonly string[];
  /** The machine, as messages name it. */
  place: string;
}

/** The output of the script, as it is read. */
export interface CheckoutOutput {
  result(): Promise<{ name: string; value: string }>;
  line(): Promise<Buffer>;
  take(size: number): AsyncGenerator<Buffer>;
}

/** A file of a commit; its bytes must be read before the next one is asked for. */
export interface TreeFile {
  /** Its path in the repository, with slashes. */
  path: string;
  kind: "file" | "executable" | "symlink";
  size: number;
  chunks(): AsyncGenerator<Buffer>;
}

/** A commit, by its full id. */
export interface Resolved {
  commit: string;
  branch?: string;
  /** Where the branch is only known as what was last fetched from another repository. */
  fetchedFrom?: string;
}

/** Where a commit was found, for people. */
export function describeCommit({ commit, branch, fetchedFrom }: Resolved): string {
  const place = branch === undefined ? "" : `${fetchedFrom ? `${fetchedFrom}/` : ""}${branch} `;
  return `from ${place}${commit.slice(0, 12)}`;
}

/** A commit and its files, each list to be read once, in this order. */
export interface Checkout extends Resolved {
  /** The committer's time, in seconds since 1970. */
  time: number;
  /** The paths at the top and in import packages. */
  names: string[];
  /** pyproject.toml, setup.cfg and the files that they name. */
  first(): AsyncGenerator<TreeFile>;
  /** All files, in the order of the bytes of their paths. */
  contents(): AsyncGenerator<TreeFile>;
}

/** What a commit can be called; the rest is for --branch and --tag. */
function checkCommit(text: string, { isFolder, source }: CheckoutRequest): void {
  if (/^[0-9a-f]{4,64}$/i.test(text)) return;
  if (isFolder && /^(HEAD|@)([~^]\d*)*$/.test(text)) return;
  const digits = "give at least 4 hexadecimal digits of its id";
  throw new Failure(
    "no-commit",
    isFolder
      ? `${text} names no commit: ${digits}, or HEAD; for names there are --branch and --tag`
      : `${text} names no commit of ${hideCredentials(source)}: ${digits}`,
  );
}

function checkUrl(source: string): void {
  if (source.startsWith("-")) throw new Failure("bad-url", `${source} is no repository`);
  if (!hasCredentials(source)) return;
  if (!/^https?:/i.test(source))
    throw new Failure("bad-url", `${hideCredentials(source)} takes no password in its URL: use a key`);
  if (!URL.canParse(source))
    throw new Failure(
      "bad-url",
      `${hideCredentials(source)} is no URL; in a password, write @ as %40 and / as %2F`,
    );
}

/** The script that reads a commit. Throws Failure "bad-url" or "no-commit" for what cannot be asked for. */
export function checkoutScript(request: CheckoutRequest): {
  parts: readonly string[];
  args: readonly string[];
  code: string;
} {
  const { source, isFolder, wanted, cache, preBuild, project, version, settings, place } = request;
  const [[kind, name]] = Object.entries(wanted) as [[string, string]];
  if (kind === "commit") checkCommit(name, request);
  if (!isFolder) checkUrl(source);
  const url = !isFolder && hasCredentials(source) ? new URL(source).href : source;
  const where = isFolder && place !== "this machine" ? `${source} on ${place}` : hideCredentials(source);
  const wantedName = kind === "commit" && !name.startsWith("@") ? lowered(name) : name;
  const answers = [url, isFolder ? "folder" : "url", where, kind, wantedName, cache ?? "", preBuild ?? ""];
  return {
    parts: ["git", "commit", "tree", "hook", "checkout"],
    args: [...answers, project, version, place, ...settings.map((path) => path.replace(/^\.\//, ""))],
    code: "git-failed",
  };
}

const lowered = (name: string) => (name.startsWith("HEAD") ? name : name.toLowerCase());

const kinds: Record<string, TreeFile["kind"]> = {
  "100644": "file",
  "100664": "file",
  "100755": "executable",
  "120000": "symlink",
};

const escapes: Record<string, number> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

/** A path as git writes it: in quotes, with escapes, where there is anything odd in it (git-config(1), core.quotePath). */
function unquoted(bytes: Buffer): Buffer {
  if (bytes[0] !== 34) return bytes;
  const text = bytes.subarray(1, -1).toString("latin1");
  const plain = text.replace(/\\([0-7]{3}|.)/g, (_, written: string) => {
    if (written.length === 3) return String.fromCharCode(Number.parseInt(written, 8));
    const code = escapes[written];
    return code === undefined ? written : String.fromCharCode(code);
  });
  return Buffer.from(plain, "latin1");
}

function readName(bytes: Buffer): string {
  const name = unquoted(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(name);
  } catch {
    const shown = printable(name.toString("latin1"));
    throw new Failure(
      "bad-name",
      `the name of the file ${shown} is not UTF-8, which an archive cannot hold; rename it`,
    );
  }
}

/** git-cat-file(1), --batch, with the mode, a tab and the path after the usual words. */
async function nextFile(output: CheckoutOutput): Promise<TreeFile> {
  const line = await output.line();
  const tab = line.indexOf(9);
  const [id = "", type, length, mode = ""] = line
    .toString("latin1", 0, tab < 0 ? line.length : tab)
    .split(" ");
  if (type === "missing")
    throw new Failure(
      "missing-object",
      `the repository lacks the object ${id}: it is damaged, or a partial clone; fetch again`,
    );
  // git has ended in the middle.
  if (type !== "blob" || tab < 0) throw new EndOfBytes(line.toString("latin1"));
  const path = readName(line.subarray(tab + 1));
  const kind = kinds[mode];
  if (!kind) throw new Failure("bad-file", `the file ${printable(path)} has the unknown mode ${mode}`);
  const size = Number(length);
  const chunks = async function* () {
    yield* output.take(size);
    if ((await output.line()).length > 0) throw new EndOfBytes(path);
  };
  return { path, kind, size, chunks };
}

/** The value of the next result, which must have this name. */
async function next(output: CheckoutOutput, name: string): Promise<string> {
  const found = await output.result();
  if (found.name !== name) throw new Error(`the script said ${found.name} instead of ${name}`);
  return found.value;
}

async function* filesOf(output: CheckoutOutput, name: string): AsyncGenerator<TreeFile> {
  const count = Number(await next(output, name));
  for (let i = 0; i < count; i++) yield await nextFile(output);
}

/** Runs the script of a request and gives its output to `take`. */
export type RunCheckout = <T>(
  script: ReturnType<typeof checkoutScript>,
  take: (output: CheckoutOutput) => Promise<T>,
) => Promise<T>;

/** Reads the script's first results: what the commit is. Puts names like the one that is not there into `known`. */
async function readResolved(output: CheckoutOutput, wanted: Wanted, known: string[]): Promise<Resolved> {
  const resolved: Resolved = { commit: "", ...("branch" in wanted && { branch: wanted.branch }) };
  for (;;) {
    const { name, value } = await output.result();
    if (name === "known") known.push(value);
    if (name === "commit") resolved.commit = value;
    if (name === "fetched") resolved.fetchedFrom = value;
    if (name === "found") return resolved;
  }
}

/** What a failure says, with the nearest of the names that are there. */
function withHint(error: unknown, wanted: Wanted, known: readonly string[]): unknown {
  if (!(error instanceof Failure) || known.length === 0) return error;
  const [name = ""] = Object.values(wanted);
  return new Failure(error.code, `${error.message}${didYouMean(name, known)}`, error.details);
}

async function read<T>(
  run: RunCheckout,
  request: CheckoutRequest,
  work: (output: CheckoutOutput, resolved: Resolved) => Promise<T>,
): Promise<T> {
  const { wanted } = request;
  const known: string[] = [];
  try {
    return await run(checkoutScript(request), async (output) =>
      work(output, await readResolved(output, wanted, known)),
    );
  } catch (error) {
    throw withHint(error, wanted, known);
  }
}

/** Finds the commit that is wanted, and no more: for a dry run, in which the script changes nothing. */
export function findCommit(run: RunCheckout, request: CheckoutRequest): Promise<Resolved> {
  return read(run, request, async (_, resolved) => resolved);
}

/** Gives `work` the commit that is wanted. Throws Failure. */
export function withCheckout<T>(
  run: RunCheckout,
  request: CheckoutRequest,
  work: (checkout: Checkout) => Promise<T>,
): Promise<T> {
  return read(run, request, async (output, resolved) => {
    const time = Number(await next(output, "time"));
    const names: string[] = [];
    const count = Number(await next(output, "names"));
    for (let i = 0; i < count; i++) names.push(readName(await output.line()));
    const contents = async function* () {
      yield* filesOf(output, "contents");
      await next(output, "whole");
    };
    return work({ ...resolved, time, names, first: () => filesOf(output, "first"), contents });
  });
}
