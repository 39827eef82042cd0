// Asking a package index which files it has for a project.

import { isProjectName, normaliseName, parseFilename } from "../base/distribution.js";
import { Failure } from "../base/failure.js";
import { splitCredentials } from "../base/url.js";
import type { Access, Way } from "./access.js";
import { type Credentials, lookupCredentials } from "./credentials.js";
import { type Answer, readText, request } from "./http.js";
import { follow } from "./redirects.js";
import { persist, unwell } from "./retry.js";
import { accept, type ListedFile, parsePage } from "./simple.js";

/** A file of a project on an index. */
export interface IndexFile {
  filename: string;
  /** Absolute, without credentials and fragment. */
  url: string;
  /** 64 hexadecimal digits; undefined where the index does not tell. */
  sha256: string | undefined;
  /** PEP 592: there, but not to be chosen by itself. */
  yanked: boolean;
  kind: "sdist" | "wheel";
  /** The project's name as the file name spells it. */
  name: string;
  /** As the file name spells it: PEP 440, not always in its normal form. */
  version: string;
  requiresPython?: string;
}

export interface LookUp {
  signal?: AbortSignal | undefined;
  /** Instead of those in the URL, ~/.pypirc or ~/.netrc. */
  credentials?: Credentials | undefined;
}

type Asking = LookUp & Way;

const largestPage = 64 * 1024 * 1024;
const pauses = [300, 1000, 2500];

function explain(answer: Answer, known: boolean): Failure {
  const { status, reason, url } = answer;
  if (status === 401)
    return new Failure(
      "auth-failed",
      known
        ? `${url} does not take the user name and password given`
        : `${url} wants a user name and password: ~/.netrc and ~/.pypirc are the places for them`,
    );
  return unwell(status, `${url} answers ${status} ${reason}`.trim(), answer.headers["retry-after"]);
}

/** Another origin is another index, for the user to choose. */
function checkRedirect(from: URL, to: URL): void {
  if (to.origin !== from.origin)
    throw new Failure(
      "redirected",
      `${from.href} sends us on to ${to.origin}${to.pathname}; if that is the index you mean, name it instead`,
    );
}

/** The page's files; undefined where there is no such page. */
async function filesAt(url: string, options: Asking): Promise<ListedFile[] | undefined> {
  const ask = (at: string) => request(at, { ...options, headers: { accept } });
  const answer = await follow(url, ask, checkRedirect);
  if (answer.status === 404) {
    answer.body.destroy();
    return undefined;
  }
  if (answer.status !== 200) {
    answer.body.destroy();
    throw explain(answer, options.credentials !== undefined);
  }
  const text = await readText(answer, largestPage, options.signal);
  return parsePage(text, answer.headers["content-type"] ?? "", answer.url);
}

/** Where the pages of an index may be: the URL given, and where that is not a simple URL, `simple/` below it. */
function places(index: string): string[] {
  const url = new URL(index);
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return /\/\+?simple\/$/.test(url.pathname) ? [url.href] : [url.href, `${url.href}simple/`];
}

async function listedFiles(index: string, project: string, options: Asking): Promise<ListedFile[]> {
  let wrong: unknown;
  for (const place of places(index)) {
    try {
      const page = `${place}${normaliseName(project)}/`;
      const files = await persist(() => filesAt(page, options), pauses, options.signal);
      if (files) return files;
    } catch (error) {
      // The page of a base URL may be any web page; the index may still be below it.
      if (!(error instanceof Failure && error.code === "not-an-index")) throw error;
      wrong ??= error;
    }
  }
  if (wrong) throw wrong;
  return [];
}

/**
 * The sdists and wheels that an index has for exactly this project, in whatever spelling of its name; an empty
 * list for a project that it does not know. The URL of `index` is a simple URL or the one above it. Throws Failure as
 * `request` does, and: bad-index, bad-name, auth-failed, http-NNN, redirected (to another origin), not-an-index (a page
 * that is no list of files).
 */
export async function projectFiles(
  index: Access,
  project: string,
  options: LookUp = {},
): Promise<IndexFile[]> {
  if (!isProjectName(project)) throw new Failure("bad-name", `${project} is no name of a project`);
  const { url: address, proxy, ca } = index;
  if (!URL.canParse(address) || !/^https?:/i.test(address))
    throw new Failure("bad-index", `${address} is no http or https URL`);
  const credentials = options.credentials ?? (await lookupCredentials(address));
  const asking = { ...options, credentials, proxy, ca };
  const listed = await listedFiles(splitCredentials(address).url, project, asking);
  return listed.flatMap(({ filename, url, hashes, yanked, requiresPython }) => {
    const parsed = parseFilename(filename, project);
    if (!parsed || !/^https?:/.test(url)) return [];
    return [
      {
        filename,
        url: splitCredentials(url).url,
        sha256: /^[0-9a-f]{64}$/.test(hashes.sha256 ?? "") ? hashes.sha256 : undefined,
        yanked,
        ...parsed,
        ...(requiresPython !== undefined && { requiresPython }),
      },
    ];
  });
}
