// Where a key stands in a TOML text, for error messages.

const bareKeys = (text: string) =>
  [...text.matchAll(/\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*(?:\.|$)/gy)].map(
    ([, a, b, c]) => a ?? b ?? c ?? "",
  );

/** The line (from 1) on which the longest known part of `path` is set; 1 where nothing of it is found. */
export function lineOf(toml: string, path: readonly string[]): number {
  let table: string[] = [];
  const lists = new Map<string, number>();
  let best = { depth: 0, line: 1 };
  for (const [index, line] of toml.split("\n").entries()) {
    const header = /^\s*\[\[?([^\]]+)\]/.exec(line);
    if (header) table = bareKeys(header[1] ?? "");
    if (/^\s*\[\[/.test(line)) {
      // [[a.b]]: the next table of a list, which a path calls a, b, 0 and so on.
      const list = table.join(".");
      const place = lists.get(list) ?? 0;
      lists.set(list, place + 1);
      table.push(String(place));
    }
    const assigned = header ? [] : bareKeys(/^([^=#]+)=/.exec(line)?.[1]?.trim() ?? "");
    if (!header && assigned.length === 0) continue;
    const here = [...table, ...assigned];
    let depth = 0;
    while (depth < path.length && here[depth] === path[depth]) depth++;
    if (depth > best.depth && depth === Math.min(here.length, path.length)) best = { depth, line: index + 1 };
  }
  return best.line;
}
