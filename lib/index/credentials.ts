// Who we are for an index: found in its URL, in the environment, in .pypirc and in .netrc. Nothing of it is
// ever shown.

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../base/failure.js";
import { indexRoot, splitCredentials } from "../base/url.js";

export interface Credentials {
  user: string;
  password: string;
}

/** A [section] of .pypirc that names a repository. */
export interface Repository {
  name: string;
  /** The upload URL. */
  url: string;
  user: string | undefined;
  password: string | undefined;
}

/** The text of a file of the user's, or undefined where there is none. Throws UsageError for one not UTF-8. */
async function readOwn(path: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
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
    const [, name, value] = /^([^\s=:][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (header !== undefined) {
      section = sections.get(header) ?? new Map();
      sections.set(header, section);
      key = undefined;
    } else if (/^\s/.test(line) && section && key !== undefined) {
      section.set(key, `${section.get(key)}\n${line.trim()}`.trim());
    } else if (name !== undefined && section) {
      key = name.toLowerCase();
      section.set(key, value ?? "");
    } else {
      throw new UsageError(`${path}, line ${index + 1}: neither a [section] nor a setting "name = value"`);
    }
  }
  return [...sections]
    .filter(([name]) => name !== "distutils")
    .flatMap(([name, settings]) => {
      const url = settings.get("repository");
      return url === undefined || !URL.canParse(url)
        ? []
        : [{ name, url, user: settings.get("username"), password: settings.get("password") }];
    });
}

/** The repositories of ~/.pypirc; none where there is no such file. */
export async function readPypirc(): Promise<Repository[]> {
  const path = join(homedir(), ".pypirc");
  const text = await readOwn(path);
  return text === undefined ? [] : parsePypirc(text, path);
}

async function fromNetrc(url: string): Promise<Credentials | undefined> {
  const text = await readOwn(process.env.NETRC || join(homedir(), ".netrc"));
  return text === undefined ? undefined : parseNetrc(text, new URL(url).hostname.replace(/^\[|\]$/g, ""));
}

function inUrl(url: string): Credentials | undefined {
  const { user, password } = splitCredentials(url);
  return user === undefined && password === undefined
    ? undefined
    : { user: user ?? "", password: password ?? "" };
}

/** The repository of ~/.pypirc that is this index, by whichever of its URLs. */
async function repositoryAt(url: string): Promise<Repository | undefined> {
  return (await readPypirc()).find((each) => indexRoot(each.url) === indexRoot(url));
}

/** What a repository says of who we are. A password without a name is an API token, whose name is `__token__`. */
function inRepository(repository: Repository | undefined): Credentials | undefined {
  if (repository?.password) return { user: repository.user || "__token__", password: repository.password };
  return repository && inUrl(repository.url);
}

/** For looking into the index at `url`: from the URL, ~/.pypirc, ~/.netrc (or the file that NETRC names). */
export async function lookupCredentials(url: string): Promise<Credentials | undefined> {
  return inUrl(url) ?? inRepository(await repositoryAt(url)) ?? (await fromNetrc(url));
}

/** For pip, also on hosts: from the URL, ~/.netrc. Those of ~/.pypirc may upload, and stay on this machine. */
export async function pipCredentials(url: string): Promise<Credentials | undefined> {
  return inUrl(url) ?? (await fromNetrc(url));
}

/** For uploading to `url`: from the URL, TWINE_USERNAME and TWINE_PASSWORD, ~/.pypirc, ~/.netrc. */
export async function uploadCredentials(url: string): Promise<Credentials | undefined> {
  const own = inUrl(url);
  if (own) return own;
  const repository = await repositoryAt(url);
  const user = process.env.TWINE_USERNAME || repository?.user;
  const password = process.env.TWINE_PASSWORD || repository?.password;
  if (password) return { user: user || "__token__", password };
  return inRepository(repository) ?? (await fromNetrc(url));
}
