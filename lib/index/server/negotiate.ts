// What a client would have: the kind of a page (PEP 691) and its packing, by the headers of RFC 9110, 12.5.

/** The kinds of pages, as they are asked for and sent. */
export const pageTypes = {
  json: "application/vnd.pypi.simple.v1+json",
  "html-v1": "application/vnd.pypi.simple.v1+html",
  html: "text/html",
} as const;

export type PageKind = keyof typeof pageTypes;

/** The kind that a media type names; version 1 may be written as one of its minor versions, or as the latest. */
function kindOf(type: string): PageKind | undefined {
  if (type === "text/html") return "html";
  const [, format] =
    /^application\/vnd\.pypi\.simple\.(?:v1(?:\.\d+)?|latest)\+(json|html)$/.exec(type) ?? [];
  return format === "json" ? "json" : format === "html" ? "html-v1" : undefined;
}

/** The entries of a header such as "a;q=0.5, b" with their weights; one that cannot be read weighs nothing. */
function weights(header: string | undefined): [string, number][] {
  const items = (header ?? "").split(",").map((item): [string, number] => {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    return [name, q === undefined ? 1 : /^(0(\.\d*)?|1(\.0*)?)$/.test(q) ? Number(q) : 0];
  });
  return items.filter(([name]) => name !== "");
}

/**
 * The kind of page for an Accept header, or for the `format` of the address, which comes first. Who accepts
 * anything, or nothing that there is, is a person or an old program, and gets text/html.
 */
export function pageKind(accept: string | undefined, format?: string | null): PageKind {
  const named = format && kindOf(format.trim().toLowerCase().replaceAll(" ", "+"));
  if (named) return named;
  const best: Record<PageKind, number> = { json: 0, "html-v1": 0, html: 0 };
  let anything = 0;
  let html: number | undefined;
  for (const [type, weight] of weights(accept)) {
    const kind = kindOf(type);
    if (kind) best[kind] = Math.max(best[kind], weight);
    if (kind === "html") html = weight;
    if (type === "*/*" || type === "text/*") anything = Math.max(anything, weight);
  }
  best.html = html ?? anything;
  const highest = Math.max(best.json, best["html-v1"], best.html);
  if (highest === 0) return "html";
  return best.json === highest ? "json" : best["html-v1"] === highest ? "html-v1" : "html";
}

/** True when a client takes gzip. */
export function acceptsGzip(header: string | undefined): boolean {
  const all = new Map(weights(header));
  return (all.get("gzip") ?? all.get("x-gzip") ?? all.get("*") ?? 0) > 0;
}
