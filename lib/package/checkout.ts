// One commit of a repository, here or elsewhere, ready to be read. No work tree is involved: what lies about in
// one, changed or not, has no part in a release.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../base/failure.js";
import { isRemote } from "../base/repository.js";
import { hideCredentials } from "../base/url.js";
import { causeIn, detailsOf } from "./command.js";
import { fetchInto } from "./fetch.js";
import { tryGit } from "./git.js";
import { type Resolved, resolveCommitOf, type Wanted } from "./refs.js";
import { commitTime, listTree, type TreeEntry } from "./tree.js";

/** A commit and its files. */
export interface Checkout extends Resolved {
  /** The folder of the repository that has the commit's objects. */
  directory: string;
  /** The committer's time, in seconds since 1970. */
  time: number;
  entries: TreeEntry[];
}

async function repositoryAt(folder: string, signal: AbortSignal): Promise<string> {
  const ran = await tryGit(["-C", folder, "rev-parse", "--git-dir"], { signal });
  if (ran.exit === 0) return folder;
  throw new Failure("no-repository", `cannot use ${folder}: ${causeIn(ran.stderr)}`, detailsOf(ran));
}

async function open(
  directory: string,
  where: string,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Checkout> {
  const resolved = await resolveCommitOf(directory, wanted, where, signal);
  const { commit } = resolved;
  const [time, entries] = await Promise.all([
    commitTime(directory, commit, signal),
    listTree(directory, commit, signal),
  ]);
  return { ...resolved, directory, time, entries };
}

/**
 * Gives `work` the commit that is wanted of `source`: a folder in a repository of this machine, or an address
 * for git, which is fetched into a private folder that goes afterwards.
 */
export async function withCheckout<T>(
  source: string,
  wanted: Wanted,
  { signal, show }: { signal: AbortSignal; show?: ((text: string) => void) | undefined },
  work: (checkout: Checkout) => Promise<T>,
): Promise<T> {
  if (!isRemote(source)) {
    const directory = await repositoryAt(source, signal);
    return work(await open(directory, source, wanted, signal));
  }
  const folder = await mkdtemp(join(tmpdir(), "essay-git-"));
  try {
    const directory = await fetchInto(folder, source, wanted, signal, show);
    return await work(await open(directory, hideCredentials(source), wanted, signal));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
