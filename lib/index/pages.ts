// The pages of the embedded index: HTML (PEP 503) or JSON (PEP 691, with the fields of PEP 700).

import type { StoredFile } from "./store.js";

/** A page as it is sent. */
export interface Page {
  type: string;
  text: string;
}

const json = "application/vnd.pypi.simple.v1+json";
const jsonTypes = [json, "application/vnd.pypi.simple.latest+json"];
const htmlTypes = [
  "application/vnd.pypi.simple.v1+html",
  "application/vnd.pypi.simple.latest+html",
  "text/html",
  "text/*",
  "*/*",
];

/** True when an Accept header (RFC 9110, 12.5.1) prefers JSON. Who accepts anything is a person, or old. */
export function prefersJson(accept: string | undefined): boolean {
  const weights = new Map<string, number>();
  for (const item of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    weights.set(type, q === undefined ? 1 : Number(q.slice(2)) || 0);
  }
  const best = (types: readonly string[]) => Math.max(...types.map((type) => weights.get(type) ?? 0));
  return best(jsonTypes) > 0 && best(jsonTypes) >= best(htmlTypes);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function htmlPage(title: string, links: readonly string[]): Page {
  const head = `<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n<meta name="pypi:repository-version" content="1.1">`;
  return {
    type: "text/html; charset=utf-8",
    text: `${head}\n<title>${escapeHtml(title)}</title>\n</head>\n<body>\n<h1>${escapeHtml(title)}</h1>\n${links
      .map((link) => `${link}<br>\n`)
      .join("")}</body>\n</html>\n`,
  };
}

function jsonPage(content: object): Page {
  return { type: json, text: JSON.stringify({ meta: { "api-version": "1.1" }, ...content }) };
}

/** The list of all projects; `names` are normalised. */
export function projectsPage(names: readonly string[], asJson: boolean): Page {
  if (asJson) return jsonPage({ projects: names.map((name) => ({ name })) });
  return htmlPage(
    "Simple index",
    names.map((name) => `<a href="${escapeHtml(name)}/">${escapeHtml(name)}</a>`),
  );
}

/** The page of one project, at /simple/NAME/. */
export function projectPage(name: string, files: readonly StoredFile[], asJson: boolean): Page {
  const address = (file: StoredFile) => `../../files/${encodeURIComponent(file.filename)}`;
  if (asJson)
    return jsonPage({
      name,
      versions: [...new Set(files.map((file) => file.version))],
      files: files.map((file) => ({
        filename: file.filename,
        url: address(file),
        hashes: { sha256: file.sha256 },
        size: file.size,
        "upload-time": file.modified.toISOString(),
      })),
    });
  return htmlPage(
    `Links for ${name}`,
    files.map(
      (file) =>
        `<a href="${escapeHtml(address(file))}#sha256=${file.sha256}">${escapeHtml(file.filename)}</a>`,
    ),
  );
}
