// The files of a commit: their names, modes and blobs, without those that .gitattributes keeps out of archives.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../base/failure.js";
import { printable } from "../base/printable.js";
import { type GitOptions, git } from "./git.js";

/** A file of a commit. */
export interface TreeEntry {
  /** Its path in the repository, with slashes. */
  path: string;
  kind: "file" | "executable" | "symlink";
  /** The id of its blob. */
  id: string;
}

const kinds: Record<string, TreeEntry["kind"] | "submodule"> = {
  "100644": "file",
  "100664": "file",
  "100755": "executable",
  "120000": "symlink",
  "160000": "submodule",
};

interface Listed {
  path: string;
  kind: TreeEntry["kind"] | "submodule";
  id: string;
}

function readName(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const shown = printable(bytes.toString("latin1"));
    throw new Failure(
      "bad-name",
      `the name of the file ${shown} is not UTF-8, which an archive cannot hold; rename it`,
    );
  }
}

/** git-ls-tree(1), -z: mode, type and id, a tab, the path as it is, NUL. */
function parseListing(listing: Buffer): Listed[] {
  const found: Listed[] = [];
  for (let start = 0; start < listing.length; ) {
    const end = listing.indexOf(0, start);
    const tab = listing.indexOf(9, start);
    const [mode = "", , id = ""] = listing.toString("latin1", start, tab).split(" ");
    const path = readName(listing.subarray(tab + 1, end));
    const kind = kinds[mode];
    if (!kind) throw new Failure("bad-file", `the file ${printable(path)} has the unknown mode ${mode}`);
    found.push({ path, kind, id });
    start = end + 1;
  }
  return found;
}

/** The folders above a path, with a slash at the end, outermost first. */
function foldersOf(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => `${names.slice(0, index + 1).join("/")}/`);
}

/**
 * The paths, folders with a slash at their end, that have the attribute export-ignore in the commit. Attributes
 * are read by git in a repository of its own, so that neither the user's nor this clone's count.
 */
async function exportIgnored(
  directory: string,
  commit: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Set<string>> {
  const objects = (
    await git(["-C", directory, "rev-parse", "--path-format=absolute", "--git-path", "objects"], { signal })
  )
    .toString()
    .replace(/\n$/, "");
  const bare = await mkdtemp(join(tmpdir(), "essay-attributes-"));
  try {
    const own = { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", GIT_ATTR_NOSYSTEM: "1" };
    const format = commit.length === 64 ? ["--object-format=sha256"] : [];
    await git(["init", "--quiet", "--bare", "--template=", ...format, bare], { signal, env: own });
    const env = { ...own, GIT_DIR: bare, GIT_OBJECT_DIRECTORY: objects };
    await git(["read-tree", commit], { signal, env });
    const checking: GitOptions = { signal, env, input: paths.map((path) => `${path}\0`).join("") };
    const answer = await git(["check-attr", "-z", "--cached", "--stdin", "export-ignore"], checking);
    const words = answer.toString().split("\0");
    const ignored = new Set<string>();
    for (let i = 0; i + 2 < words.length; i += 3) if (words[i + 2] === "set") ignored.add(words[i] as string);
    return ignored;
  } finally {
    await rm(bare, { recursive: true, force: true });
  }
}

/**
 * The files that an archive of the commit holds. Throws Failure "bad-name" for names that are not UTF-8 and
 * "submodule" for a submodule, whose files are in another repository.
 */
export async function listTree(directory: string, commit: string, signal: AbortSignal): Promise<TreeEntry[]> {
  const listing = await git(["-C", directory, "ls-tree", "-r", "-z", "--full-tree", commit], { signal });
  let listed = parseListing(listing);
  if (listed.some(({ path }) => /(^|\/)\.gitattributes$/.test(path))) {
    const folders = [...new Set(listed.flatMap(({ path }) => foldersOf(path)))];
    const paths = [...folders, ...listed.map(({ path }) => path)];
    const ignored = await exportIgnored(directory, commit, paths, signal);
    listed = listed.filter(
      ({ path }) => !ignored.has(path) && !foldersOf(path).some((folder) => ignored.has(folder)),
    );
  }
  return listed.map(({ path, kind, id }) => {
    if (kind !== "submodule") return { path, kind, id };
    throw new Failure(
      "submodule",
      `${printable(path)} is a submodule, whose files are not in the commit; put them into the repository, or keep it out with "${printable(path)} export-ignore" in .gitattributes`,
    );
  });
}

/** The committer's time of a commit, in seconds since 1970. */
export async function commitTime(directory: string, commit: string, signal: AbortSignal): Promise<number> {
  const text = (await git(["-C", directory, "cat-file", "commit", commit], { signal })).toString("latin1");
  const [, seconds] = /^committer .* (-?\d+) [+-]\d{4}$/m.exec(text.split("\n\n")[0] ?? "") ?? [];
  if (seconds === undefined) throw new Failure("git-failed", `the commit ${commit} has no committer's time`);
  return Number(seconds);
}
