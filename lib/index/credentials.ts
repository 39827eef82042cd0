// Who we are for an index: found in its URL, in the environment, in .pypirc and in .netrc. Nothing of it is
// ever shown.

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../base/failure.js";
import { didYouMean } from "../base/nearest.js";
import { indexRoot, splitCredentials } from "../base/url.js";

export interface Credentials {
  user: string;
  password: string;
}

/** A [section] of .pypirc that is about a repository. */
export interface Repository {
  name: string;
  /** The upload URL, as it stands there. */
  url: string | undefined;
  user: string | undefined;
  password: string | undefined;
  /** `ca_cert`: a file of certificate authorities. */
  ca: string | undefined;
}

/**
 * The text of a file of the user's, or undefined where there is none. Throws UsageError for one not UTF-8. Read at
 * once: it is small and looked into often, and another thread would take ten times as long.
 */
function readOwn(path: string): string | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${path} is not UTF-8`);
  }
}

/** The words of a .netrc; a quoted word may hold spaces, `#` at the start of a word begins a comment. */
function netrcWords(text: string): string[] {
  // A macro lasts until an empty line.
  const plain = text.replace(/^[ \t]*macdef[^\n]*\n(?:[^\n]*\S[^\n]*(?:\n|$))*/gm, "");
  return [...plain.matchAll(/(?<!\S)#[^\n]*|"((?:\\.|[^"\\])*)"|(\S+)/g)].flatMap(([whole, quoted, bare]) =>
    quoted !== undefined ? [quoted.replace(/\\(.)/gs, "$1")] : whole.startsWith("#") ? [] : [bare ?? ""],
  );
}

/** What a .netrc says for a host (the manual of ftp, "THE .netrc FILE"); `default` counts for all others. */
export function parseNetrc(text: string, hostname: string): Credentials | undefined {
  const words = netrcWords(text);
  const entries: { machine: string | undefined; login?: string; password?: string }[] = [];
  for (let i = 0; i < words.length; i++) {
    const entry = entries.at(-1);
    if (words[i] === "machine") entries.push({ machine: words[++i] ?? "" });
    else if (words[i] === "default") entries.push({ machine: undefined });
    else if (words[i] === "login" && entry) entry.login = words[++i] ?? "";
    else if (words[i] === "password" && entry) entry.password = words[++i] ?? "";
    else if (words[i] === "account") i++;
  }
  const found =
    entries.find(({ machine }) => machine?.toLowerCase() === hostname.toLowerCase()) ??
    entries.find(({ machine }) => machine === undefined);
  return found?.password === undefined ? undefined : { user: found.login ?? "", password: found.password };
}

/** The repositories of a .pypirc (packaging.python.org, "The .pypirc file"). `path` is for messages. */
export function parsePypirc(text: string, path: string): Repository[] {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let key: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*([#;].*)?$/.test(line)) continue;
    const header = /^\[([^\]]+)\]\s*$/.exec(line)?.[1];
    const [, name, value] = /^([^\s=:][^=:]*)[=:](.*)$/.exec(line) ?? [];
    if (header !== undefined) {
      section = sections.get(header) ?? new Map();
      sections.set(header, section);
      key = undefined;
    } else if (/^\s/.test(line) && section && key !== undefined) {
      section.set(key, `${section.get(key)}\n${line.trim()}`.trim());
    } else if (name !== undefined && section) {
      key = name.trim().toLowerCase();
      section.set(key, (value ?? "").trim());
    } else {
      throw new UsageError(`${path}, line ${index + 1}: neither a [section] nor a setting "name = value"`);
    }
  }
  return [...sections]
    .filter(([name]) => name !== "distutils")
    .map(([name, settings]) => ({
      name,
      url: settings.get("repository") || undefined,
      user: settings.get("username") || undefined,
      password: settings.get("password") || undefined,
      ca: settings.get("ca_cert") || undefined,
    }));
}

function pypircPath(): string {
  return join(homedir(), ".pypirc");
}

/** The repositories of ~/.pypirc; undefined where there is no such file. */
function readPypirc(): Repository[] | undefined {
  const path = pypircPath();
  const text = readOwn(path);
  return text === undefined ? undefined : parsePypirc(text, path);
}

/**
 * The repository of ~/.pypirc that a person means by this name. Throws UsageError where there is none, or none
 * that has a URL.
 */
export async function repositoryNamed(name: string): Promise<Repository & { url: string }> {
  const path = pypircPath();
  const repositories = readPypirc();
  if (repositories === undefined) throw new UsageError(`there is no ${path} that could say what ${name} is`);
  const found = repositories.find((each) => each.name === name);
  if (found === undefined) {
    const names = repositories.map((each) => each.name);
    throw new UsageError(`${path} has no repository [${name}]${didYouMean(name, names)}`);
  }
  const { url } = found;
  if (url === undefined) throw new UsageError(`[${name}] in ${path} has no URL: say it as repository = URL`);
  if (!URL.canParse(url) || !/^https?:/i.test(url))
    throw new UsageError(`repository of [${name}] in ${path} is no http or https URL`);
  return { ...found, url };
}

function fromNetrc(url: string): Credentials | undefined {
  const text = readOwn(process.env.NETRC || join(homedir(), ".netrc"));
  return text === undefined ? undefined : parseNetrc(text, new URL(url).hostname.replace(/^\[|\]$/g, ""));
}

function inUrl(url: string): Credentials | undefined {
  const { user, password } = splitCredentials(url);
  return user === undefined && password === undefined
    ? undefined
    : { user: user ?? "", password: password ?? "" };
}

/** The repository of ~/.pypirc that is this index, by whichever of its URLs. */
function repositoryAt(url: string): Repository | undefined {
  const isIndex = ({ url: own }: Repository) =>
    own !== undefined && URL.canParse(own) && indexRoot(own) === indexRoot(url);
  return readPypirc()?.find(isIndex);
}

/** What a repository says of who we are. A password without a name is an API token, whose name is `__token__`. */
function inRepository(repository: Repository | undefined): Credentials | undefined {
  if (repository?.password) return { user: repository.user || "__token__", password: repository.password };
  return repository?.url === undefined ? undefined : inUrl(repository.url);
}

/** For looking into the index at `url`: from the URL, ~/.pypirc, ~/.netrc (or the file that NETRC names). */
export async function lookupCredentials(url: string): Promise<Credentials | undefined> {
  return inUrl(url) ?? inRepository(repositoryAt(url)) ?? fromNetrc(url);
}

/** For pip, also on hosts: from the URL, ~/.netrc. Those of ~/.pypirc may upload, and stay on this machine. */
export async function pipCredentials(url: string): Promise<Credentials | undefined> {
  return inUrl(url) ?? fromNetrc(url);
}

/**
 * For uploading to `url`: from the URL, TWINE_USERNAME and TWINE_PASSWORD, the repository of ~/.pypirc that was
 * named or is this index, ~/.netrc.
 */
export async function uploadCredentials(url: string, named?: Repository): Promise<Credentials | undefined> {
  const own = inUrl(url);
  if (own) return own;
  const repository = named ?? repositoryAt(url);
  const user = process.env.TWINE_USERNAME || repository?.user;
  const password = process.env.TWINE_PASSWORD || repository?.password;
  if (password) return { user: user || "__token__", password };
  return inRepository(repository) ?? fromNetrc(url);
}

/** The user name for uploading to `url`, where it is said without a password. */
export async function uploadUser(url: string, named?: Repository): Promise<string | undefined> {
  const repository = named ?? repositoryAt(url);
  return inUrl(url)?.user || process.env.TWINE_USERNAME || repository?.user;
}
