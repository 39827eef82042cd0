// What this machine has of what building and deploying need: programs, keys, files of the home directory.

import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Finding, findingsOf } from "./finding.js";

/** The programs' environment, and whose files are looked at. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  signal: AbortSignal;
}

const { ok, note, wrong } = findingsOf("here");

/** The keys in ~/.ssh that ssh tries by itself. */
const keyNames = ["id_ed25519", "id_ecdsa", "id_rsa"];

/** What a program says on both outputs, and its status; undefined where there is no such program. */
function ask(words: readonly string[], { env, signal }: Surroundings) {
  const [program = "", ...args] = words;
  return new Promise<{ status: number; said: string } | undefined>((resolve, reject) => {
    execFile(program, args, { env: { ...env }, signal }, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason);
      if (error?.code === "ENOENT" || error?.code === "EACCES") return resolve(undefined);
      const status = typeof error?.code === "number" ? error.code : error ? 1 : 0;
      resolve({ status, said: `${stdout}${stderr}`.trim() });
    });
  });
}

async function git(around: Surroundings): Promise<Finding> {
  const answer = await ask(["git", "--version"], around);
  if (answer?.status !== 0)
    return wrong("git", "there is no git", "install it: es-sdist takes what it packs from a git repository");
  return ok("git", answer.said);
}

/** True for a version of Python that is too old for us and for pip. */
export function isOldPython(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < 3 || (major === 3 && minor < 8);
}

async function python(around: Surroundings): Promise<Finding[]> {
  const script = 'import sys; print("%d.%d.%d %s" % (*sys.version_info[:3], sys.executable))';
  const answer = await ask(["python3", "-I", "-c", script], around);
  if (answer?.status !== 0)
    return [
      wrong("python", "there is no python3", "install Python 3.8 or later: es-wheel builds with its pip"),
    ];
  const version = answer.said.replace(/ .*/s, "");
  if (isOldPython(version))
    return [wrong("python", answer.said, "install Python 3.8 or later: es-wheel builds with its pip")];
  const pip = await ask(["python3", "-m", "pip", "--isolated", "--version"], around);
  return [
    ok("python", answer.said),
    pip?.status === 0
      ? ok("pip", pip.said)
      : wrong("pip", "python3 has no pip", "install it (python3-pip of Debian, or python3 -m ensurepip)"),
  ];
}

/** Settings of pip that change where packages come from, or where they go. */
const leading =
  /^\s*(index-url|extra-index-url|find-links|no-index|target|prefix|user|require-hashes)\s*[=:]/m;

/** What of pip's own configuration leads elsewhere; our programs do not heed it, but a pip that is typed does. */
export function strayPip({ env, home }: Pick<Surroundings, "env" | "home">): Finding[] {
  const files = [
    env.PIP_CONFIG_FILE,
    "/etc/pip.conf",
    join(env.XDG_CONFIG_HOME || join(home, ".config"), "pip/pip.conf"),
    join(home, ".pip/pip.conf"),
  ].filter((file) => file !== undefined && file !== "/dev/null" && existsSync(file)) as string[];
  const advice = "programs of essay do not heed it; a pip that you run by hand does";
  const inFiles = files.flatMap((file) => {
    const [, key] = leading.exec(readFileSync(file, "utf8")) ?? [];
    return key === undefined ? [] : [note("pip.conf", `${file} sets ${key}`, advice)];
  });
  const variable = /^PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|TARGET|PREFIX|USER|REQUIRE_HASHES)$/;
  const set = Object.keys(env).filter((name) => variable.test(name) && env[name]);
  const found = [...inFiles, ...set.map((name) => note("pip.conf", `${name} is set`, advice))];
  return found.length > 0 ? found : [ok("pip.conf", "nothing leads pip elsewhere")];
}

/** Files with passwords or keys that others of this machine can read. */
export function openSecrets({ env, home }: Pick<Surroundings, "env" | "home">): Finding[] {
  const keys = keyNames.map((name) => join(home, ".ssh", name));
  return [env.NETRC || join(home, ".netrc"), join(home, ".pypirc"), ...keys].flatMap((file) => {
    const mode = statSync(file, { throwIfNoEntry: false })?.mode;
    if (mode === undefined || (mode & 0o077) === 0) return [];
    return [wrong("secrets", `others can read ${file}`, `chmod 600 ${file}`)];
  });
}

/** OpenSSH, which tells its settings, and something to log in with. */
async function ssh(around: Surroundings): Promise<Finding[]> {
  const version = await ask(["ssh", "-V"], around);
  const client =
    version === undefined
      ? note(
          "ssh",
          "there is no ssh",
          "without OpenSSH its configuration does not count, only flags and roles do",
        )
      : ok("ssh", version.said);
  const agent = around.env.SSH_AUTH_SOCK ? await ask(["ssh-add", "-l"], around) : undefined;
  const inAgent = agent?.status === 0 ? agent.said.split("\n").length : 0;
  const files = keyNames.filter((name) => existsSync(join(around.home, ".ssh", name)));
  const keys = [
    ...(inAgent > 0 ? [`${inAgent} in the agent`] : []),
    ...files.map((name) => `~/.ssh/${name}`),
  ];
  if (keys.length > 0) return [client, ok("keys", keys.join(", "))];
  const advice =
    "ssh-keygen makes one, ssh-copy-id HOST takes it to a host; IdentityFile of ssh names another one";
  return [client, note("keys", "no key in an agent or in ~/.ssh", advice)];
}

/** Looks at this machine. */
export async function examineMachine(around: Surroundings): Promise<Finding[]> {
  const asked = await Promise.all([git(around), python(around), ssh(around)]);
  const [ofGit, ofPython, ofSsh] = asked;
  return [
    ok("node", process.versions.node),
    ofGit,
    ...ofPython,
    ...strayPip(around),
    ...ofSsh,
    ...openSecrets(around),
  ];
}
