// Fetching one commit of a repository elsewhere into a private folder.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../base/failure.js";
import { didYouMean } from "../base/nearest.js";
import { hasCredentials, hideCredentials, splitCredentials } from "../base/url.js";
import { causeIn, detailsOf } from "./command.js";
import { type GitOptions, git, tryGit } from "./git.js";
import type { Wanted } from "./refs.js";

interface Remote {
  url: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

/** git passes a URL on to other programs as an argument; its password goes through a private file instead. */
async function remoteFor(source: string, folder: string): Promise<Remote> {
  if (source.startsWith("-")) throw new Failure("bad-url", `${source} is no repository`);
  if (!hasCredentials(source)) return { url: source, args: [], env: {} };
  if (!/^https?:/i.test(source))
    throw new Failure("bad-url", `${hideCredentials(source)} takes no password in its URL: use a key`);
  const { url, user = "", password = "" } = splitCredentials(source);
  const file = join(folder, "credentials");
  const complete = new URL(url);
  const userinfo = [user, password].map(encodeURIComponent).join(":");
  await writeFile(file, `${complete.protocol}//${userinfo}@${complete.host}\n`, { mode: 0o600 });
  const helper = '!git credential-store --file "$ESSAY_GIT_CREDENTIALS"';
  return {
    url,
    args: ["-c", "credential.helper=", "-c", `credential.helper=${helper}`],
    env: { ESSAY_GIT_CREDENTIALS: file },
  };
}

/** Refuses names that would mean something else in a refspec, and HEAD, which is the other repository's affair. */
async function checkWanted(wanted: Wanted, where: string, signal: AbortSignal): Promise<void> {
  if ("commit" in wanted) {
    if (/^[0-9a-f]{4,64}$/i.test(wanted.commit)) return;
    throw new Failure(
      "no-commit",
      `${wanted.commit} names no commit of ${where}: give hexadecimal digits of its id`,
    );
  }
  const [kind, name] = "branch" in wanted ? ["branch", wanted.branch] : ["tag", wanted.tag];
  const ran = await tryGit(["check-ref-format", `refs/heads/${name}`], { signal });
  if (ran.exit !== 0) throw new Failure(`no-${kind}`, `${name} cannot be the name of a ${kind}`);
}

/** What to fetch; where a server gives no single commits, everything that it has. */
function refspecs(wanted: Wanted): string[][] {
  const everything = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
  if ("branch" in wanted) return [["--depth=1", `+refs/heads/${wanted.branch}:refs/heads/${wanted.branch}`]];
  if ("tag" in wanted) return [["--depth=1", `+refs/tags/${wanted.tag}:refs/tags/${wanted.tag}`]];
  const whole = /^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(wanted.commit);
  return [...(whole ? [["--depth=1", wanted.commit]] : []), everything];
}

async function lacks(url: string, remote: Remote, wanted: Wanted, options: GitOptions): Promise<void> {
  if ("commit" in wanted) return;
  const [kind, name] = "branch" in wanted ? ["branch", wanted.branch] : ["tag", wanted.tag];
  const folder = kind === "branch" ? "refs/heads/" : "refs/tags/";
  const ran = await tryGit([...remote.args, "ls-remote", "--quiet", "--refs", "--", remote.url], options);
  if (ran.exit !== 0) return;
  const refs: string[] = ran.stdout.toString().match(/(?<=\t).+$/gm) ?? [];
  if (refs.includes(folder + name)) return;
  const names = refs.filter((ref) => ref.startsWith(folder)).map((ref) => ref.slice(folder.length));
  throw new Failure(`no-${kind}`, `${url} has no ${kind} ${name}${didYouMean(name, names)}`);
}

/**
 * Makes a bare repository in `folder` (private, empty) that has what is wanted of `source`, an address for git
 * that may hold credentials. Throws Failure "no-branch", "no-tag" or "fetch-failed".
 */
export async function fetchInto(
  folder: string,
  source: string,
  wanted: Wanted,
  signal: AbortSignal,
  show?: ((text: string) => void) | undefined,
): Promise<string> {
  const remote = await remoteFor(source, folder);
  const where = hideCredentials(source);
  await checkWanted(wanted, where, signal);
  const options = { signal, show, env: remote.env };
  const directory = join(folder, "repository.git");
  await git(["init", "--quiet", "--bare", "--template=", directory], options);
  let failed: Awaited<ReturnType<typeof tryGit>> | undefined;
  for (const what of refspecs(wanted)) {
    const flags = what.filter((word) => word.startsWith("--"));
    const refs = what.filter((word) => !word.startsWith("--"));
    const fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", ...flags];
    const ran = await tryGit(["-C", directory, ...remote.args, ...fetch, "--", remote.url, ...refs], options);
    if (ran.exit === 0) return directory;
    failed = ran;
  }
  if (!failed) throw new Error("nothing was fetched");
  await lacks(where, remote, wanted, options);
  throw new Failure(
    "fetch-failed",
    `cannot fetch from ${where}: ${causeIn(failed.stderr)}`,
    detailsOf(failed),
  );
}
