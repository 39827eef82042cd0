// What may stand at a place of a command line, as far as the help of a program and the text of an alias tell it.

/** Where words of a kind come from. */
export interface Sources {
  /** The short names of programs and the names of aliases. */
  names(): readonly string[];
  /** The names of the manual's pages, short and long. */
  topics(): readonly string[];
  /** The text of an alias. */
  alias(name: string): string | undefined;
  /** What a program says for --help; empty where there is no such program. */
  help(program: string): Promise<string>;
  roles(): readonly string[];
  venvs(): readonly string[];
  versions(): Promise<readonly string[]>;
  project(): string | undefined;
}

/** Flags of a program, and for those that take a value what that is called. */
export function flagsIn(help: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, short, long = "", value = ""] of help.matchAll(
    /^ {2}(?:(-\w), | {4})(--[\w-]+)(?: (\S+))?(?= {2}|$)/gm,
  )) {
    found.set(long, value);
    if (short !== undefined) found.set(short, value);
  }
  return found;
}

/** The verbs of a program: the first words of its usage that are written small. */
export function verbsIn(help: string): string[] {
  const lines = [...help.matchAll(/^(?:usage:| {6}) (es-[\w-]+) +([a-z][a-z|-]*)(?= |$)/gm)];
  return [...new Set(lines.flatMap(([, , verbs = ""]) => verbs.split("|")))];
}

/** Flags of an alias and the words that it calls its operands. */
function placeholdersIn(text: string): { flags: Map<string, string>; operands: string[] } {
  const flags = new Map<string, string>();
  const operands: string[] = [];
  for (const [, name = "", label = "", mark] of text.matchAll(
    /\{(--?[A-Za-z][\w-]*|\d+)(?::([\w-]+))?(\?|!)?[^}]*\}/g,
  )) {
    if (/^\d/.test(name)) operands[Number(name) - 1] ||= label;
    // Where it stands a second time, it may be without its label.
    else if (label !== "" || !flags.has(name)) flags.set(name, mark === "!" ? "" : label || "VALUE");
  }
  return { flags, operands };
}

/** Words of a kind, as help and aliases call it; none for what nobody can guess. */
async function ofKind(kind: string, sources: Sources): Promise<readonly string[]> {
  const kinds = kind.split("|");
  const all: string[] = [];
  if (kinds.includes("ROLE")) all.push(...sources.roles());
  if (kinds.includes("VENV")) all.push(...sources.venvs());
  if (kinds.includes("VERSION")) all.push(...(await sources.versions()));
  return all;
}

/** The first word of an alias that has two. */
const firstWord = (name: string) => name.replace(/ .*/, "");

/** What operands a program takes beside its verb. */
const operandsOf: Readonly<Record<string, string>> = {
  "es-hosts": "ROLE",
  "es-doctor": "ROLE",
  "es-venv": "VENV",
  "es-status": "VENV",
  "es-supervisor": "VENV",
};

async function ofAlias(text: string, before: readonly string[], word: string, sources: Sources) {
  const { flags, operands } = placeholdersIn(text);
  const last = before.at(-1) ?? "";
  if (flags.get(last)) return ofKind(flags.get(last) as string, sources);
  if (word.startsWith("-")) return [...flags.keys()];
  const place = before.filter((one, at) => !one.startsWith("-") && !flags.get(before[at - 1] ?? "")).length;
  return ofKind(operands[place] ?? "", sources);
}

async function ofProgram(program: string, before: readonly string[], word: string, sources: Sources) {
  const help = await sources.help(program);
  const flags = flagsIn(help);
  const taken = flags.get(before.at(-1) ?? "");
  if (taken) return ofKind(taken, sources);
  if (word.startsWith("-")) return [...flags.keys()];
  const verbs = verbsIn(help);
  if (verbs.length > 0 && before.every((one) => one.startsWith("-"))) return verbs;
  if (program === "es-help") {
    const [name] = before;
    const verbs = sources
      .names()
      .flatMap((one) => (one.startsWith(`${name} `) ? [one.replace(/.* /, "")] : []));
    return name === undefined ? [...sources.names().map(firstWord), ...sources.topics()] : verbs;
  }
  if (program === "es-pip") {
    const project = sources.project();
    return project === undefined ? [] : (await sources.versions()).map((version) => `${project}==${version}`);
  }
  return ofKind(operandsOf[program] ?? "", sources);
}

/**
 * The words that may stand in place of the last of `words`, and begin as it does; the first of them is the program
 * that is typed, `es` or one of ours. Sorted, each once.
 */
export async function candidates(words: readonly string[], sources: Sources): Promise<string[]> {
  const [program = "", ...typed] = words;
  const word = typed.at(-1) ?? "";
  const before = typed.slice(0, -1);
  const some = await (async () => {
    if (program !== "es") return ofProgram(program, before, word, sources);
    const [name, ...rest] = before;
    if (name === undefined) return sources.names().map(firstWord);
    const [verb, ...others] = rest;
    const both = verb === undefined ? undefined : sources.alias(`${name} ${verb}`);
    if (both !== undefined) return ofAlias(both, others, word, sources);
    const text = sources.alias(name);
    if (text !== undefined) return ofAlias(text, rest, word, sources);
    return ofProgram(`es-${name}`, rest, word, sources);
  })();
  return [...new Set(some)].filter((one) => one.startsWith(word)).sort();
}
