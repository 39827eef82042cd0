// Reading a project's page of a simple index: JSON (PEP 691) or HTML (PEP 503, 592), as what the page lists.

import { parseFilename } from "../base/distribution.js";
import { Failure } from "../base/failure.js";
import { isObject } from "../base/json.js";

/** One file of a page. */
export interface ListedFile {
  filename: string;
  /** Absolute, without fragment. */
  url: string;
  /** Hexadecimal digests, in small letters, by algorithm. */
  hashes: Record<string, string>;
  yanked: boolean;
  requiresPython: string | undefined;
}

/** What to ask an index for: JSON where it has it, otherwise HTML. */
export const accept =
  "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.5, text/html;q=0.2";

function notAnIndex(url: string, why: string): Failure {
  return new Failure("not-an-index", `${url} is no page of a package index: ${why}`);
}

function lowerCased(hashes: unknown): Record<string, string> {
  if (!isObject(hashes)) return {};
  return Object.fromEntries(
    Object.entries(hashes).map(([name, digest]) => [name, String(digest).toLowerCase()]),
  );
}

function parseJson(text: string, pageUrl: string): ListedFile[] {
  let page: unknown;
  try {
    page = JSON.parse(text);
  } catch (error) {
    throw notAnIndex(pageUrl, `it is not JSON (${(error as Error).message})`);
  }
  if (!isObject(page) || !Array.isArray(page.files))
    throw notAnIndex(pageUrl, "its JSON has no list of files");
  const api = isObject(page.meta) ? String(page.meta["api-version"] ?? "1.0") : "1.0";
  if (!api.startsWith("1.")) throw notAnIndex(pageUrl, `its version is ${api}, and only 1 is known here`);
  return page.files.map((file: unknown) => {
    if (!isObject(file) || typeof file.filename !== "string" || typeof file.url !== "string")
      throw notAnIndex(pageUrl, "a file of its list has no name or no URL");
    if (!URL.canParse(file.url, pageUrl))
      throw notAnIndex(pageUrl, `${file.filename} has a URL that is none`);
    const url = new URL(file.url, pageUrl);
    url.hash = "";
    const requires = file["requires-python"];
    return {
      filename: file.filename,
      url: url.href,
      hashes: lowerCased(file.hashes),
      // PEP 691: true, or a text that is the reason.
      yanked: Boolean(file.yanked),
      requiresPython: typeof requires === "string" && requires !== "" ? requires : undefined,
    };
  });
}

function lastPart(url: URL): string {
  const part = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function listedAnchor(attributes: Record<string, string>, base: string): ListedFile | undefined {
  const { href } = attributes;
  if (href === undefined || !URL.canParse(href, base)) return undefined;
  const url = new URL(href, base);
  const [, algorithm, digest] = /^#([a-z0-9_]+)=([0-9a-f]+)$/i.exec(url.hash) ?? [];
  url.hash = "";
  return {
    filename: lastPart(url),
    url: url.href,
    hashes: algorithm && digest ? { [algorithm]: digest.toLowerCase() } : {},
    yanked: attributes["data-yanked"] !== undefined,
    requiresPython: attributes["data-requires-python"] || undefined,
  };
}

// A page without files looks like any other page. It counts as a project's page when it says that it is one:
// by the tag of PEP 629, or by the heading that indexes and web servers give their lists.
const listTitle = /links for|index of|simple index|directory listing/i;

async function parseHtml(text: string, pageUrl: string): Promise<ListedFile[]> {
  const { Parser } = await import("htmlparser2");
  const files: ListedFile[] = [];
  let base = pageUrl;
  let heading = "";
  let inHeading = false;
  let said = false;
  const parser = new Parser({
    onopentag(name, attributes) {
      if (name === "title" || name === "h1") inHeading = true;
      if (name === "meta" && attributes.name === "pypi:repository-version") said = true;
      if (name === "base" && attributes.href && URL.canParse(attributes.href, pageUrl))
        base = new URL(attributes.href, pageUrl).href;
      const file = name === "a" ? listedAnchor(attributes, base) : undefined;
      if (file) files.push(file);
    },
    ontext(part) {
      if (inHeading) heading += part;
    },
    onclosetag(name) {
      if (name === "title" || name === "h1") inHeading = false;
    },
  });
  parser.end(text);
  const isList = said || listTitle.test(heading) || files.some(({ filename }) => parseFilename(filename));
  if (!isList) throw notAnIndex(pageUrl, "it is a web page of another kind; is this the index's simple URL?");
  return files;
}

/**
 * The files that a project's page lists, of whatever kind. `contentType` is the answer's header, `pageUrl` where
 * the page came from. Throws Failure "not-an-index" for a page that is none.
 */
export async function parsePage(text: string, contentType: string, pageUrl: string): Promise<ListedFile[]> {
  const type = contentType.replace(/;.*/s, "").trim().toLowerCase();
  if (/^application\/(vnd\.pypi\.simple\.v\d+\+json|json)$/.test(type)) return parseJson(text, pageUrl);
  if (/^(application\/vnd\.pypi\.simple\.v\d+\+html|text\/html|application\/xhtml\+xml)$/.test(type))
    return parseHtml(text, pageUrl);
  throw notAnIndex(pageUrl, `its type is ${type || "not said"}`);
}
