// The language of aliases: programs, arguments, {placeholders}, | and &&, and nothing else.
//
//   {1:NAME}   the first operand; NAME is what messages call it. {2:NAME}, and so on
//   {-R:NAME}  the value of the flag -R of the alias; {--branch} likewise
//   {--all!}   the switch --all itself, where it was given; a word of its own
//   {config.K} the value of the key K of the configuration
//   {live}     the side that nginx serves; {idle}: the other one. The balancers are asked before anything runs
//   {@}        all operands and flags that nothing else takes; a word of its own
//   {if --all} among the first words of a stage: the stage is there only where the flag --all was given;
//   {unless --all}: only where it was not; {if config.K}, {unless config.K}: where the key K is set, or is not
//
// `?` after the name: where there is no value, the whole word is left out. `=TEXT`: the value otherwise;
// `=config.K`, with `=TEXT` behind it or not: the value of that key otherwise.

import { Failure, UsageError } from "../base/failure.js";

export interface Placeholder {
  kind: "operand" | "flag" | "switch" | "config" | "side" | "rest" | "if" | "unless";
  /** The number of the operand, the flag with its dashes, the key, or "live" or "idle". */
  name: string;
  /** For messages. */
  label: string;
  optional: boolean;
  otherwise: string | Placeholder | undefined;
}

/** A word of an alias: texts and placeholders in turn. */
export type Word = readonly (string | Placeholder)[];
/** Stages joined by `|`; each is a list of words. */
export type PipelineTemplate = readonly (readonly Word[])[];

/** The names of the two sides: of the one that nginx serves, and of the other one. */
export interface Sides {
  live: string;
  idle: string;
}

/** How many keys may stand in for each other. */
const mostKeys = 10;

function placeholder(inner: string, keys = 0): Placeholder {
  if (keys > mostKeys) throw new UsageError(`an alias has more than ${mostKeys} keys in one placeholder`);
  const [, condition, of = ""] = /^(if|unless) +(--?[A-Za-z][\w-]*|config(?:\.[\w-]+)+)$/.exec(inner) ?? [];
  if (condition === "if" || condition === "unless")
    return { kind: condition, name: of, label: of, optional: false, otherwise: undefined };
  if (inner === "live" || inner === "idle")
    return { kind: "side", name: inner, label: `{${inner}}`, optional: false, otherwise: undefined };
  const [, name = "", label = "", mark = "", otherwise] =
    /^(@|\d+|--?[A-Za-z][\w-]*|config(?:\.[\w-]+)+)(?::([\w-]+))?(\?|!)?(?:=(.*))?$/.exec(inner) ?? [];
  if (name === "") throw new UsageError(`an alias knows no placeholder {${inner}}; see man es`);
  const kind =
    name === "@"
      ? "rest"
      : name.startsWith("-")
        ? mark === "!"
          ? "switch"
          : "flag"
        : /^\d/.test(name)
          ? "operand"
          : "config";
  return {
    kind,
    name: kind === "config" ? name.slice("config.".length) : name,
    label: kind === "operand" ? label || `operand ${name}` : `${name} ${label}`.trimEnd(),
    optional: mark === "?",
    otherwise: otherwise?.startsWith("config.") ? placeholder(otherwise, keys + 1) : otherwise,
  };
}

type Condition = Placeholder & { kind: "if" | "unless" };

function isCondition(part: string | Placeholder | undefined): part is Condition {
  return typeof part === "object" && (part.kind === "if" || part.kind === "unless");
}

/** The conditions of a stage, which are its first words. */
function conditionsOf(stage: readonly Word[]): Condition[] {
  return stage.flat().filter(isCondition);
}

/** The value of a key; undefined where it is not set. */
export type Configured = (key: string) => unknown;

const isSet = (value: unknown) => value !== undefined && !(Array.isArray(value) && value.length === 0);

/** The stages that are there with these arguments and this configuration, without their conditions. */
function present(
  template: readonly PipelineTemplate[],
  args: readonly string[],
  configured: Configured,
): PipelineTemplate[] {
  const given = (name: string) =>
    name.startsWith("config.")
      ? isSet(configured(name.slice("config.".length)))
      : args.some((word) => word === name || word.startsWith(`${name}=`));
  return template
    .map((stages) =>
      stages
        .filter((stage) => conditionsOf(stage).every(({ kind, name }) => given(name) === (kind === "if")))
        .map((stage) => stage.filter(([part]) => !isCondition(part))),
    )
    .filter((stages) => stages.length > 0);
}

/** Reads the text of an alias: pipelines, to be run one after the other. Throws UsageError. */
export function parseTemplate(text: string): PipelineTemplate[] {
  const pipelines: Word[][][] = [[[]]];
  const stage = () => pipelines.at(-1)?.at(-1) as Word[];
  // A quoted text, a placeholder, an operator, plain text, or space between words.
  const token = /\s+|&&|\||'([^']*)'|"([^"]*)"|\{([^}]*)\}|([^\s'"{}|&;<>$`\\()*?#~!]+)/gy;
  let word: (string | Placeholder)[] | undefined;
  const endWord = () => {
    if (word) stage().push(word);
    word = undefined;
  };
  let at = 0;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    at = token.lastIndex;
    const [whole, single, double, inner, plain] = match;
    if (/^\s/.test(whole)) endWord();
    else if (whole === "|") {
      endWord();
      pipelines.at(-1)?.push([]);
    } else if (whole === "&&") {
      endWord();
      pipelines.push([[]]);
    } else {
      word ??= [];
      word.push(inner === undefined ? (single ?? double ?? plain ?? "") : placeholder(inner));
    }
  }
  endWord();
  if (at < text.length)
    throw new UsageError(
      `an alias is programs, words, {placeholders}, | and && only, not ${text.slice(at, at + 10)}`,
    );
  for (const stage of pipelines.flat()) {
    const program = stage.findIndex((word) => word.length > 1 || !isCondition(word[0]));
    if (program < 0) throw new UsageError(`an alias has a stage without a program: ${text}`);
    if (stage.slice(program).flat().some(isCondition))
      throw new UsageError(`{if ...} and {unless ...} are the first words of a stage: ${text}`);
  }
  return pipelines;
}

function placeholdersOf(template: readonly PipelineTemplate[]): Placeholder[] {
  return template.flat(3).filter((part): part is Placeholder => typeof part !== "string");
}

/** The text of an alias that stands in where there is no value at all. */
function lastResort({ otherwise }: Placeholder): string | undefined {
  return typeof otherwise === "object" ? lastResort(otherwise) : otherwise;
}

/** A text or a number can stand in a word. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

interface Given {
  operands: string[];
  flags: Map<string, string>;
  switches: Set<string>;
  rest: string[];
}

/**
 * Sorts the arguments of an alias into what its placeholders take; all else is an error, or the rest. `asked` are the
 * flags of its conditions, which are no value of anything.
 */
function sort(
  name: string,
  wanted: readonly Placeholder[],
  asked: readonly string[],
  args: readonly string[],
): Given {
  const takes = (kind: Placeholder["kind"], flag: string) =>
    wanted.some((one) => one.kind === kind && one.name === flag);
  const most = Math.max(0, ...wanted.filter(({ kind }) => kind === "operand").map((one) => Number(one.name)));
  const takesRest = wanted.some(({ kind }) => kind === "rest");
  const given: Given = { operands: [], flags: new Map(), switches: new Set(), rest: [] };
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string;
    const [, flag = word, value] = /^(--?[A-Za-z][\w-]*)=(.*)$/s.exec(word) ?? [];
    if (takes("switch", word)) given.switches.add(word);
    else if (takes("flag", flag)) {
      const said = value ?? args[++i];
      if (said === undefined || said === "") throw new UsageError(`${name}: ${flag} needs a value`);
      if (given.flags.has(flag)) throw new UsageError(`${name}: ${flag} is given twice`);
      given.flags.set(flag, said);
    } else if (asked.includes(word)) continue;
    else if (!word.startsWith("-") && given.operands.length < most) given.operands.push(word);
    else if (takesRest) given.rest.push(word);
    else throw new UsageError(`${name} takes no ${word}`);
  }
  return given;
}

/** Whether the stages of an alias that are there with these arguments name a side. */
export function namesSide(
  whole: readonly PipelineTemplate[],
  args: readonly string[],
  configured: Configured,
): boolean {
  return placeholdersOf(present(whole, args, configured)).some(({ kind }) => kind === "side");
}

/**
 * The pipelines of an alias with its arguments in place: lists of stages, which are lists of words. Values
 * stay data: whatever is in them, they are one word. `configured` gives the value of a key, `sides` what {live} and
 * {idle} stand for. Throws UsageError for arguments that do not fit, and Failure "not-configured".
 */
export function expand(
  name: string,
  whole: readonly PipelineTemplate[],
  args: readonly string[],
  configured: Configured,
  sides: Sides,
): string[][][] {
  const template = present(whole, args, configured);
  const conditions = whole.flat().flatMap(conditionsOf);
  const asked = conditions.map((condition) => condition.name).filter((flag) => flag.startsWith("-"));
  const given = sort(name, placeholdersOf(template), asked, args);
  const said = ({ kind, name: key }: Placeholder): string | undefined => {
    switch (kind) {
      case "operand":
        return given.operands[Number(key) - 1];
      case "flag":
        return given.flags.get(key);
      case "side":
        return sides[key as keyof Sides];
      default:
        return textOf(configured(key));
    }
  };
  const filled = (one: Placeholder, instead = ""): string | undefined => {
    const found = said(one);
    if (found !== undefined || one.optional) return found;
    if (typeof one.otherwise === "object") return filled(one.otherwise, `${one.label} or `);
    if (one.otherwise !== undefined) return one.otherwise;
    if (one.kind === "config")
      throw new Failure("not-configured", `${name} needs ${instead}the key ${one.name} in essay.toml`);
    throw new UsageError(`${name}: ${one.label} is missing`);
  };
  const words = (word: Word): string[] => {
    const [only] = word;
    if (word.length === 1 && typeof only === "object" && only.kind === "rest") return given.rest;
    if (word.length === 1 && typeof only === "object" && only.kind === "switch")
      return given.switches.has(only.name) ? [only.name] : [];
    const parts = word.map((part) => (typeof part === "string" ? part : filled(part)));
    if (parts.includes(undefined)) return [];
    const text = parts.join("");
    const at = parts.findIndex((part) => part !== "");
    const first = word[at];
    // Only who writes an alias gives flags to its programs; a lone - is an operand.
    if (/^-./s.test(text) && typeof first === "object" && parts[at] !== lastResort(first))
      throw new UsageError(`${name}: ${first.label} makes the word ${text}, which would be read as a flag`);
    return [text];
  };
  return template.map((stages) => stages.map((stage) => stage.flatMap(words)));
}
