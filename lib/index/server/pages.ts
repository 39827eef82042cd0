// The pages of the embedded index: HTML (PEP 503, with the attributes of PEP 592, 658 and 714), JSON (PEP 691, with
// the fields of PEP 700), and one for people.

import type { StoredFile } from "../store/store.js";
import { type PageKind, pageTypes } from "./negotiate.js";

/** A page as it is sent. */
export interface Page {
  type: string;
  text: string;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function htmlPage(title: string, body: string, kind: "html" | "html-v1" = "html"): Page {
  const head = `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="pypi:repository-version" content="1.1">`;
  return {
    type: kind === "html" ? "text/html; charset=utf-8" : pageTypes["html-v1"],
    text: `${head}\n<title>${escapeHtml(title)}</title>\n</head>\n<body>\n<h1>${escapeHtml(title)}</h1>\n${body}</body>\n</html>\n`,
  };
}

function jsonPage(content: object): Page {
  return { type: pageTypes.json, text: JSON.stringify({ meta: { "api-version": "1.1" }, ...content }) };
}

function anchor(href: string, text: string, attributes: Record<string, string | undefined> = {}): string {
  const more = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escapeHtml(value ?? "")}"`);
  return `<a href="${escapeHtml(href)}"${more.join("")}>${escapeHtml(text)}</a>`;
}

/** The list of all projects; `names` are normalised. */
export function projectsPage(names: Iterable<string>, kind: PageKind): Page {
  if (kind === "json") return jsonPage({ projects: Array.from(names, (name) => ({ name })) });
  const links = Array.from(names, (name) => `${anchor(`${name}/`, name)}<br>\n`);
  return htmlPage("Simple index", links.join(""), kind);
}

const address = (file: StoredFile) => `../../files/${encodeURIComponent(file.filename)}`;

function jsonFile(file: StoredFile): object {
  return {
    filename: file.filename,
    url: address(file),
    hashes: { sha256: file.sha256 },
    size: file.size,
    "upload-time": file.modified.toISOString(),
    ...(file.requiresPython !== undefined && { "requires-python": file.requiresPython }),
    ...(file.metadataSha256 !== undefined && { "core-metadata": { sha256: file.metadataSha256 } }),
    ...(file.yanked !== undefined && { yanked: file.yanked || true }),
  };
}

function fileLink(file: StoredFile): string {
  const metadata = file.metadataSha256 && `sha256=${file.metadataSha256}`;
  return anchor(`${address(file)}#sha256=${file.sha256}`, file.filename, {
    "data-requires-python": file.requiresPython,
    "data-core-metadata": metadata,
    "data-dist-info-metadata": metadata,
    "data-yanked": file.yanked,
  });
}

/** The page of one project, at /simple/NAME/. */
export function projectPage(name: string, files: readonly StoredFile[], kind: PageKind): Page {
  if (kind === "json")
    return jsonPage({
      name,
      versions: [...new Set(files.map((file) => file.version))],
      files: files.map(jsonFile),
    });
  return htmlPage(`Links for ${name}`, files.map((file) => `${fileLink(file)}<br>\n`).join(""), kind);
}

/** The page at /, for people; `projects` has how many files each has. */
export function frontPage(projects: ReadonlyMap<string, number>, uploads: boolean): Page {
  let files = 0;
  for (const count of projects.values()) files += count;
  const rows = Array.from(
    projects,
    ([name, count]) =>
      `<li>${anchor(`simple/${name}/`, name)} ${count === 1 ? "1 file" : `${count} files`}\n`,
  );
  const taken = uploads
    ? "This address itself takes uploads, by es-upload, twine and what else speaks the legacy upload API."
    : "It takes no uploads.";
  const usage = `<p>Programs find the packages at ${anchor("simple/", "simple/")}: give this address to <code>pip --index-url</code> or <code>ESSAY_INDEX</code>. ${taken}\n`;
  const count = `<p>${projects.size} projects, ${files} files.\n`;
  return htmlPage("Package index", `${usage}${count}<ul>\n${rows.join("")}</ul>\n`);
}
