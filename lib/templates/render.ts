// Rendering templates: mustache(5) without HTML escaping and without partials, and strict: a name that has no
// value is an error. Values are looked up on objects' own members only.

import { Failure } from "../base/failure.js";
import { isObject } from "../base/json.js";
import { didYouMean } from "../base/nearest.js";

export interface Values {
  readonly [name: string]: string | number | boolean | Values | undefined;
}

export interface Rendering {
  /** What the template is called in errors, such as its file. */
  source?: string;
  /** What encloses a name: {{ and }} unless told. */
  tags?: [open: string, close: string];
  /** For names that may have no value: what to do about it, a clause for the error. */
  hints?: Readonly<Record<string, string>>;
  /**
   * Makes a value fit for its place, which is in this line of the template, or throws an Error whose message
   * says why it does not fit.
   */
  insert?: (value: string, line: string) => string;
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

/** Finds `a.b` in values; undefined when a part of it is not there. */
function lookUp(values: Values, name: string): Values[string] {
  let found: Values[string] = values;
  for (const part of name.split(".")) {
    if (!isObject(found) || !Object.hasOwn(found, part)) return undefined;
    found = (found as Values)[part];
  }
  return found;
}

const isShown = (value: Values[string]) => value !== undefined && value !== false && value !== "";

/**
 * `text` with the values filled in: {{name}}, {{table.name}}, {{#name}}...{{/name}} where it is neither false
 * nor empty, {{^name}}...{{/name}} where it is, {{! comment}}. Values with control characters are refused.
 * Throws Failure "template-failed" that names the line.
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

  const given = (name: string, start: number): string | number | boolean => {
    if (!/^[A-Za-z_][\w-]*(\.[\w-]+)*$/.test(name))
      failAt(
        start,
        /[|(]/.test(name)
          ? `${open} ${name} ${close} is Jinja: there are no filters; give the value as it is to be`
          : `${open} ${name} ${close} is no name of a value`,
      );
    const value = lookUp(values, name);
    if (value === undefined) {
      const hint = Object.hasOwn(hints, name) ? `: ${hints[name]}` : didYouMean(name, Object.keys(values));
      failAt(start, `${name} has no value${hint}`);
    }
    if (isObject(value)) failAt(start, `${name} is a table: name one of its values, ${name}.NAME`);
    return value as string | number | boolean;
  };
  const filledIn = (name: string, start: number): string => {
    const value = String(given(name, start));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    if (/[\u0000-\u001f\u007f\u0085\u2028\u2029]/.test(value))
      failAt(start, `the value of ${name} has a line break or another control character in it`);
    try {
      return insert(value, lineAt(start));
    } catch (error) {
      return failAt(start, `the value of ${name} ${(error as Error).message}`);
    }
  };
  const render = (tokens: readonly Token[]): string => tokens.map(renderToken).join("");
  const renderToken = ([type, value, start, , inner = []]: Token): string => {
    switch (type) {
      case "text":
        return value;
      case "name":
      case "&":
        return filledIn(value, start);
      case "#":
        return isShown(given(value, start)) ? render(inner) : "";
      case "^":
        return isShown(given(value, start)) ? "" : render(inner);
      case "!":
        return "";
      default:
        return failAt(start, `${open}${type}${value}${close} is not supported`);
    }
  };

  if (open === "{{") refuseJinja(text, failAt);
  let tokens: Token[] = [];
  try {
    tokens = mustache.parse(text, tags) as Token[];
  } catch (error) {
    const [, sentence = "", offset] = /^(.*?)(?: at (\d+))?$/s.exec((error as Error).message) ?? [];
    failAt(Number(offset ?? 0), sentence);
  }
  return render(tokens);
}
