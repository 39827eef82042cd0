// Rendering templates: mustache(5) without HTML escaping and without partials, and strict: a name that has no
// value is an error. Values are looked up on objects' own members only.

import { Failure } from "../base/failure.js";
import { isObject } from "../base/json.js";
import { didYouMean } from "../base/nearest.js";

export interface Values {
  readonly [name: string]: Value;
}
export type Value = string | number | boolean | null | undefined | Values | readonly Value[];

export interface Rendering {
  /** What the template is called in errors, such as its file. */
  source?: string;
  /** What encloses a name: {{ and }} unless told. */
  tags?: [open: string, close: string];
  /** For names that may have no value: what to do about it, a clause for the error. */
  hints?: Readonly<Record<string, string>>;
  /**
   * Makes the value of a name fit for its place, which is in this line of the template, or throws an Error whose
   * message says why it does not fit.
   */
  insert?: (value: string, line: string, name: string) => string;
}

type Token = [type: string, value: string, start: number, end: number, inner?: Token[], innerEnd?: number];

/** Tags of Jinja, in which templates of old were written, and the same in mustache. */
const jinja: readonly (readonly [form: RegExp, advice: string])[] = [
  [/\{%-?\s*(?:if|elif|else|endif)\b.*?%\}/, "write {{#name}} ... {{/name}}, or {{^name}} for its absence"],
  [/\{%-?\s*[a-z]\w*.*?%\}/, "mustache has no statements: write the lines out, or use %(process_num)d"],
  [/(?<!\{)\{#.*?#\}/s, "write {{! comment }}"],
];

function refuseJinja(text: string, failAt: (offset: number, sentence: string) => never): void {
  for (const [form, advice] of jinja) {
    const found = form.exec(text);
    if (found) failAt(found.index, `${found[0].split("\n")[0]} is Jinja: ${advice}`);
  }
}

/** Sections in each other at most, and characters of the whole: lists in lists multiply. */
const deepest = 100;
const largest = 4 * 1024 * 1024;
/** Blanks one after the other at most: mustache looks for the end of a tag from each of them, through all that follow. */
const longestBlank = 1000;
/** What a piece of the template counts for, besides its text. */
const piece = 64;

/** An item of a list is the value of this name. */
const itself = ".";

/**
 * Finds `a.b` in the innermost table that has an `a`; undefined when it, or a part of it, is not there or null.
 * The last of `scopes` is the innermost one.
 */
function lookUp(scopes: readonly Values[], name: string): Value {
  // Also a name with dots in it, which is no table's.
  const whole = scopes.findLast((scope) => Object.hasOwn(scope, name));
  if (whole) return whole[name] ?? undefined;
  const parts = name.split(".");
  let found: Value = scopes.findLast((scope) => Object.hasOwn(scope, parts[0] ?? ""));
  for (const part of parts) {
    if (!isObject(found) || !Object.hasOwn(found, part)) return undefined;
    found = (found as Values)[part];
  }
  return found ?? undefined;
}

/** What the text of a section is shown with: once for each item of a list, never for what is false or empty. */
function scopesOf(value: Value): Values[] {
  if (Array.isArray(value))
    return value.map((item: Value) => (isObject(item) ? (item as Values) : { [itself]: item }));
  if (value === undefined || value === false || value === "") return [];
  return [isObject(value) ? (value as Values) : {}];
}

/**
 * `text` with the values filled in: {{name}}, {{table.name}}, {{#name}}...{{/name}} where it is neither false
 * nor empty, and for each item {{.}} of a list, {{^name}}...{{/name}} where it is false or empty, {{! comment}}.
 * Values with control characters are refused. Throws Failure "template-failed" that names the line.
 */
export async function renderTemplate(
  text: string,
  values: Values,
  { source = "template", tags = ["{{", "}}"], hints = {}, insert = (value) => value }: Rendering = {},
): Promise<string> {
  const { default: mustache } = await import("mustache");
  const failAt = (offset: number, sentence: string): never => {
    const line = text.slice(0, offset).split("\n").length;
    throw new Failure("template-failed", `${source}:${line}: ${sentence}`);
  };
  const lineAt = (offset: number) => {
    const end = text.indexOf("\n", offset);
    return text.slice(text.lastIndexOf("\n", offset) + 1, end < 0 ? undefined : end);
  };
  const [open, close] = tags;

  const scopes: Values[] = [values];
  const given = (name: string, start: number): Value => {
    if (name !== itself && !/^[A-Za-z_][\w-]*(\.[\w-]+)*$/.test(name))
      failAt(
        start,
        /[|(]/.test(name)
          ? `${open} ${name} ${close} is Jinja: there are no filters; give the value as it is to be`
          : `${open} ${name} ${close} is no name of a value`,
      );
    const value = lookUp(scopes, name);
    if (value === undefined) {
      const hint = Object.hasOwn(hints, name) ? `: ${hints[name]}` : didYouMean(name, Object.keys(values));
      failAt(start, `${name} has no value${hint}`);
    }
    return value;
  };
  const filledIn = (name: string, start: number): string => {
    const found = given(name, start);
    if (isObject(found)) failAt(start, `${name} is a table: name one of its values, ${name}.NAME`);
    if (Array.isArray(found))
      failAt(start, `${name} is a list: ${open}#${name}${close}${open}.${close}${open}/${name}${close}`);
    const value = String(found);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    if (/[\u0000-\u001f\u007f\u0085\u2028\u2029]/.test(value))
      failAt(start, `the value of ${name} has a line break or another control character in it`);
    try {
      return insert(value, lineAt(start), name);
    } catch (error) {
      return failAt(start, `the value of ${name} ${(error as Error).message}`);
    }
  };
  const within = (scope: Values, work: () => string): string => {
    scopes.push(scope);
    const text = work();
    scopes.pop();
    return text;
  };
  let room = largest;
  const checkSize = (depth: number, start: number, length: number) => {
    if (depth > deepest) failAt(start, `more than ${deepest} sections are in each other here`);
    room -= piece + length;
    if (room < 0) failAt(start, `what comes of this is larger than ${largest} characters`);
  };
  const render = (tokens: readonly Token[], depth: number): string =>
    tokens.map((token) => renderToken(token, depth)).join("");
  const renderToken = ([type, value, start, , inner = []]: Token, depth: number): string => {
    checkSize(depth, start, value.length);
    switch (type) {
      case "text":
        return value;
      case "name":
      case "&":
        return filledIn(value, start);
      case "#":
        return scopesOf(given(value, start))
          .map((scope) => within(scope, () => render(inner, depth + 1)))
          .join("");
      case "^":
        return scopesOf(given(value, start)).length > 0 ? "" : render(inner, depth + 1);
      case "!":
        return "";
      default:
        return failAt(start, `${open}${type}${value}${close} is not supported`);
    }
  };

  for (const { 0: blank, index } of text.matchAll(/\s+/g))
    if (blank.length > longestBlank) failAt(index, `more than ${longestBlank} blanks in a row`);
  if (open === "{{") refuseJinja(text, failAt);
  let tokens: Token[] = [];
  try {
    tokens = mustache.parse(text, tags) as Token[];
  } catch (error) {
    const [, sentence = "", offset] = /^(.*?)(?: at (\d+))?$/s.exec((error as Error).message) ?? [];
    failAt(Number(offset ?? 0), sentence);
  }
  return render(tokens, 0);
}
