// Running git so that its answer depends on the repository and on nothing around it.

import { Failure } from "../base/failure.js";
import { causeIn, detailsOf, type Ended, runCommand } from "./command.js";

// Set inside git's hooks; they would override the repository that we name (git(1), ENVIRONMENT VARIABLES).
const foreign =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|NAMESPACE|PREFIX|(ALTERNATE_)?OBJECT_DIRECTOR(Y|IES)|SHALLOW_FILE|GRAFT_FILE|REPLACE_REF_BASE)$/;

/** The environment for git: this process's, without what names another repository. */
export function gitEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  // refs/replace would put other objects in the place of the commit's.
  return { ...Object.fromEntries(own), GIT_NO_REPLACE_OBJECTS: "1", GIT_OPTIONAL_LOCKS: "0", ...extra };
}

export interface GitOptions {
  signal: AbortSignal;
  env?: NodeJS.ProcessEnv;
  input?: string | Buffer;
  show?: ((text: string) => void) | undefined;
}

/** Runs git to its end, whatever its status. */
export async function tryGit(
  args: readonly string[],
  { signal, env = {}, ...options }: GitOptions,
): Promise<Ended & { stdout: Buffer }> {
  return runCommand("git", args, { ...options, signal, env: gitEnvironment(env) });
}

/** Runs git and gives its stdout; Failure "git-failed" when its status is not 0. */
export async function git(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const ran = await tryGit(args, options);
  if (ran.exit === 0) return ran.stdout;
  const verb = args[0] === "-C" ? args[2] : args[0];
  throw new Failure("git-failed", `git ${verb} failed: ${causeIn(ran.stderr)}`, detailsOf(ran));
}
