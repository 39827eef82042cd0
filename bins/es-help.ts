#!/usr/bin/env node
// es-help: shows what the manual says of a program, an alias or a topic.

import { knownAliases, nameIn } from "../lib/alias/known.js";
import { UsageError } from "../lib/base/failure.js";
import { didYouMean } from "../lib/base/nearest.js";
import { print } from "../lib/base/print.js";
import { isInPath, isOurs } from "../lib/base/program.js";
import { run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { codeEntry, pageNamed, pageNames } from "../lib/manual/pages.js";
import { aliasHelp, overview } from "../lib/overview.js";
import { showItem, showPage } from "../lib/show-manual.js";

const command = {
  name: "es-help",
  summary: "show what the manual says of a program, an alias, a topic or an error",
  usage: ["[NAME [VERB]]"],
  operands: [0, 2],
  options: {},
} as const;

/** Programs that other people have put into PATH. */
function ofOthers(name: string): string | undefined {
  const program = [name, `es-${name}`].find((one) => one.startsWith("es-") && isInPath(one));
  return program && `${program} is no part of essay: ask it itself, such as by ${program} --help\n`;
}

run(command, async ({ args: [word, ...verb], context }) => {
  const aliases = knownAliases((await loadConfig(context)).values.alias);
  if (word === undefined) {
    await print(overview(aliases));
    return 0;
  }
  const [name, rest] = nameIn(word, verb);
  const page = pageNamed(name);
  const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  const code = codeEntry(name);
  const isProgram = page !== undefined && isOurs(page.name);
  if (rest.length > 0 && !isProgram) throw new UsageError(`${name} has no verb ${rest[0]}`);
  // As `es NAME` finds what it runs; what it never runs is a topic.
  if (alias !== undefined && !isProgram) await print(aliasHelp(name, alias));
  else if (page) await showPage(page, context.interrupt);
  else if (code) await showItem(code);
  else {
    const other = ofOthers(name);
    if (other === undefined) {
      const known = [...new Set([...pageNames(), ...Object.keys(aliases)])];
      throw new UsageError(
        `the manual has nothing of ${name}${didYouMean(name, known)}; es help lists what there is`,
      );
    }
    await print(other);
  }
  return 0;
});
