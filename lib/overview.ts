// What `es` can be followed by: programs, aliases, and where to read on; and what an alias is.

import { builtinAliases, pipCommands } from "./alias/builtin.js";
import { usageOf } from "./alias/usage.js";
import { printable } from "./base/printable.js";
import { isOurs, ourPrograms } from "./base/program.js";
import { fold } from "./flags.js";
import { manualPages, shortName, titleOf } from "./manual/pages.js";

/** Lines of two columns, the second of which is folded. */
function table(rows: readonly (readonly [left: string, right: string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${fold(`  ${left.padEnd(width)}  `, right)}\n`).join("");
}

/** The short names of our programs. */
export function shortPrograms(): string[] {
  return ourPrograms().flatMap((program) => (program === "es" ? [] : [program.replace(/^es-/, "")]));
}

/** What is said of an alias in a line or two: what it is, where that is short, otherwise what it takes. */
function inShort(name: string, text: string): string {
  if (isOurs(`es-${name}`)) return `never run: es-${name} goes before it`;
  if (!text.includes("|")) return text;
  try {
    return usageOf(text);
  } catch {
    return text;
  }
}

export function overview(aliases: Readonly<Record<string, string>>): string {
  const pages = manualPages();
  const programs = pages.filter(({ name }) => name !== "es" && isOurs(name));
  const isPip = (name: string) => pipCommands.includes(name) && aliases[name] === builtinAliases[name];
  const others = Object.entries(aliases).filter(([name]) => !isPip(name));
  const topics = pages.filter(({ name }) => !isOurs(name));
  return [
    "programs:\n",
    table(programs.map((page) => [shortName(page), titleOf(page)])),
    "aliases:\n",
    table(others.map(([name, text]) => [printable(name), printable(inShort(name, text))])),
    `${fold("  and pip as it is: ", pipCommands.filter(isPip).join(" "))}\n`,
    "more of the manual:\n",
    table(topics.map((page) => [shortName(page), titleOf(page)])),
    "es help NAME says more of each of them, es NAME --help which flags a program has\n",
  ].join("");
}

/** What an alias takes, what it is, a stage on a line, and where to read on. Throws UsageError for a wrong one. */
export function aliasHelp(name: string, text: string): string {
  const programs = [...new Set(text.match(/(?<![\w-])es-[a-z-]+/g))].filter(isOurs);
  const pages = ["es", ...programs.map((program) => program.replace(/^es-/, ""))];
  const stages = text.split(/(?<=\||&&) +/).map((stage) => {
    const [, command = "", joint] = /^(.*?)( *(?:\||&&))?$/s.exec(stage) ?? [];
    return `${fold("    ", printable(command), 8)}${joint ?? ""}\n`;
  });
  return [
    `${fold(`es ${printable(name)} `, printable(usageOf(text)))}\n\nis an alias for\n\n`,
    ...stages,
    `\nes --print ${printable(name)} ARG... shows what it is with your arguments.\n`,
    `${fold("Read on with es help and one of: ", pages.join(" "))}\n`,
  ].join("");
}
