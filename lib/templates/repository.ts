// A new project's git repository: first commit, remote, push.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure, UsageError } from "../base/failure.js";
import { hasCredentials } from "../base/url.js";

/** The branch of the first commit. */
const firstBranch = "master";

/** Runs git in a directory; Failure "git-failed" with what it said. */
function git(directory: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  // A surrounding git, such as one that runs a hook, names its own repository in these.
  const { GIT_DIR, GIT_WORK_TREE, GIT_INDEX_FILE, ...env } = process.env;
  return new Promise((resolve, reject) => {
    execFile("git", args, { cwd: directory, env, signal }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout.trimEnd());
      if (signal.aborted) return reject(signal.reason);
      if (error.code === "ENOENT") return reject(new Failure("no-git", "there is no git on this machine"));
      reject(
        new Failure("git-failed", `git ${args[0]} failed in ${directory}`, { stderr: stderr.slice(-4096) }),
      );
    });
  });
}

const succeeds = (directory: string, args: readonly string[], signal: AbortSignal) =>
  git(directory, args, signal).then(
    () => true,
    (error: Failure) => {
      if (error.code === "git-failed") return false;
      throw error;
    },
  );

/** Fetches the newest commit of a repository into a folder that is not there yet. Throws Failure "git-failed". */
export async function fetchInto(folder: string, url: string, signal: AbortSignal): Promise<void> {
  await git(dirname(folder), ["clone", "--quiet", "--depth=1", "--", url, folder], signal);
}

/** Refuses what cannot be a remote, or would put a password into command lines. Throws UsageError. */
export function checkRemote(url: string): void {
  if (url.startsWith("-")) throw new UsageError(`${url} is no URL of a git repository`);
  if (hasCredentials(url))
    throw new UsageError(
      "the URL of the remote has a user or password in it, which git would keep in plain sight; use ssh, or a credential helper of git",
    );
}

/** Makes sure that git knows whom a commit is by; Failure "no-git-identity" that says how to tell it. */
export async function checkIdentity(directory: string, signal: AbortSignal): Promise<void> {
  if (await succeeds(directory, ["var", "GIT_AUTHOR_IDENT"], signal)) return;
  throw new Failure(
    "no-git-identity",
    'git does not know who you are: git config --global user.name "Your Name" and git config --global user.email you@example.com',
  );
}

/**
 * Commits all that is in a directory, as the first commit of a repository, which is made when missing.
 * Returns false, and does nothing, where there are commits already.
 */
export async function commitFirst(directory: string, signal: AbortSignal): Promise<boolean> {
  if (!existsSync(join(directory, ".git"))) {
    await git(directory, ["init", "--quiet"], signal);
    await git(directory, ["symbolic-ref", "HEAD", `refs/heads/${firstBranch}`], signal);
  }
  if (await succeeds(directory, ["rev-parse", "--quiet", "--verify", "HEAD"], signal)) return false;
  await git(directory, ["add", "--all"], signal);
  await git(directory, ["commit", "--quiet", "--message", "First commit"], signal);
  return true;
}

/** Adds the remote "origin" and pushes the current branch to it. */
export async function pushTo(directory: string, url: string, signal: AbortSignal): Promise<void> {
  const remotes = (await git(directory, ["remote"], signal)).split("\n");
  if (!remotes.includes("origin")) await git(directory, ["remote", "add", "origin", url], signal);
  const present = await git(directory, ["config", "--get", "remote.origin.url"], signal);
  if (present !== url)
    throw new Failure("remote-differs", `the remote origin is ${present} already, not ${url}`);
  await git(directory, ["push", "--quiet", "--set-upstream", "origin", "HEAD"], signal);
}
