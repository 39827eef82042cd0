// From what a user calls a commit to the commit itself, in a repository on this machine.

import { Failure } from "../base/failure.js";
import { didYouMean } from "../base/nearest.js";
import { git, tryGit } from "./git.js";

/** What is to be packed. */
export type Wanted = { commit: string } | { tag: string } | { branch: string };

/** A commit, by its full id, and the branch that it was found by. */
export interface Resolved {
  commit: string;
  branch?: string;
  /** Where the branch is only known as what was last fetched from another repository. */
  fetchedFrom?: string;
}

const lines = (bytes: Buffer) => bytes.toString().split("\n").filter(Boolean);

/** The id that a full ref name (refs/heads/master) has; undefined where there is no such ref. */
async function refId(directory: string, ref: string, signal: AbortSignal): Promise<string | undefined> {
  // show-ref --verify takes the name for a name; rev-parse would read ^, ~ and : in it.
  const ran = await tryGit(["-C", directory, "show-ref", "--verify", "--hash", "--", ref], { signal });
  return ran.exit === 0 ? lines(ran.stdout)[0] : undefined;
}

/** The commit that an id names, through annotated tags; undefined where it names no commit. */
async function commitId(directory: string, id: string, signal: AbortSignal): Promise<string | undefined> {
  const ran = await tryGit(["-C", directory, "rev-parse", "--verify", "--quiet", `${id}^{commit}`], {
    signal,
  });
  return ran.exit === 0 ? lines(ran.stdout)[0] : undefined;
}

async function shortNames(directory: string, folder: string, signal: AbortSignal): Promise<string[]> {
  const listed = await git(["-C", directory, "for-each-ref", "--format=%(refname)", folder], { signal });
  return lines(listed).map((ref) => ref.slice(folder.length));
}

async function resolveBranch(
  directory: string,
  branch: string,
  where: string,
  signal: AbortSignal,
): Promise<Resolved> {
  const commit = await refId(directory, `refs/heads/${branch}`, signal);
  if (commit) return { commit, branch };
  // A fresh checkout of a build server has no branches of its own.
  const fetched = await refId(directory, `refs/remotes/origin/${branch}`, signal);
  if (fetched) return { commit: fetched, branch, fetchedFrom: "origin" };
  const isTag = await refId(directory, `refs/tags/${branch}`, signal);
  const hint = isTag
    ? `; there is a tag of that name: --tag ${branch}`
    : didYouMean(branch, await shortNames(directory, "refs/heads/", signal));
  throw new Failure("no-branch", `${where} has no branch ${branch}${hint}`);
}

async function resolveTag(
  directory: string,
  tag: string,
  where: string,
  signal: AbortSignal,
): Promise<Resolved> {
  const id = await refId(directory, `refs/tags/${tag}`, signal);
  if (!id) {
    const isBranch = await refId(directory, `refs/heads/${tag}`, signal);
    const hint = isBranch
      ? `; there is a branch of that name: --branch ${tag}`
      : didYouMean(tag, await shortNames(directory, "refs/tags/", signal));
    throw new Failure("no-tag", `${where} has no tag ${tag}${hint}`);
  }
  const commit = await commitId(directory, id, signal);
  if (commit) return { commit };
  throw new Failure("no-commit", `the tag ${tag} of ${where} names no commit`);
}

/** Ids of the commits that begin with some digits. */
async function commitsBeginning(directory: string, digits: string, signal: AbortSignal): Promise<string[]> {
  if (digits.length < 4) return [];
  const ids = lines(await git(["-C", directory, "rev-parse", `--disambiguate=${digits}`], { signal }));
  if (ids.length === 0) return [];
  const input = ids.map((id) => `${id}\n`).join("");
  const checked = await git(["-C", directory, "cat-file", "--batch-check"], { signal, input });
  return lines(checked).flatMap((line) => {
    const [id = "", type] = line.split(" ");
    return type === "commit" ? [id] : [];
  });
}

async function resolveCommit(
  directory: string,
  text: string,
  where: string,
  signal: AbortSignal,
): Promise<Resolved> {
  if (/^(HEAD|@)([~^]\d*)*$/.test(text)) {
    const commit = await commitId(directory, text, signal);
    if (commit) return { commit };
    throw new Failure("no-commit", `${where} has no commit ${text}`);
  }
  if (!/^[0-9a-f]{4,64}$/i.test(text))
    throw new Failure(
      "no-commit",
      `${text} names no commit: give at least 4 hexadecimal digits of its id, or HEAD; for names there are --branch and --tag`,
    );
  // A branch may be called "deadbeef"; what was asked for is the commit that begins with it.
  const [commit, ...others] = await commitsBeginning(directory, text.toLowerCase(), signal);
  if (commit && others.length === 0) return { commit };
  if (commit)
    throw new Failure("no-commit", `${where} has ${others.length + 1} commits that begin with ${text}`);
  throw new Failure("no-commit", `${where} has no commit ${text}; is it fetched?`);
}

/**
 * Finds the commit in the repository at `directory`, which `where` names in messages. Throws Failure "no-branch",
 * "no-tag" or "no-commit".
 */
export async function resolveCommitOf(
  directory: string,
  wanted: Wanted,
  where: string,
  signal: AbortSignal,
): Promise<Resolved> {
  if ("commit" in wanted) return resolveCommit(directory, wanted.commit, where, signal);
  if ("tag" in wanted) return resolveTag(directory, wanted.tag, where, signal);
  return resolveBranch(directory, wanted.branch, where, signal);
}
