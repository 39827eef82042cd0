// Where a key stands in a TOML text, for error messages.

const bareKeys = (text: string) =>
  [...text.matchAll(/\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*(?:\.|$)/gy)].map(
    ([, a, b, c]) => a ?? b ?? c ?? "",
  );

/** The line (from 1) on which the longest known part of `path` is set; 1 where nothing of it is found. */
export function lineOf(toml: string, path: readonly string[]): number {
  let table: string[] = [];
  let best = { depth: 0, line: 1 };
  for (const [index, line] of toml.split("\n").entries()) {
    const header = /^\s*\[\[?([^\]]+)\]/.exec(line);
    if (header) table = bareKeys(header[1] ?? "");
    const assigned = header ? [] : bareKeys(/^([^=#]+)=/.exec(line)?.[1]?.trim() ?? "");
    if (!header && assigned.length === 0) continue;
    const here = [...table, ...assigned];
    let depth = 0;
    while (depth < path.length && here[depth] === path[depth]) depth++;
    if (depth > best.depth && depth === Math.min(here.length, path.length)) best = { depth, line: index + 1 };
  }
  return best.line;
}
