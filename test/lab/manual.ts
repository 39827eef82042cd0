// The examples of man pages: displays of the section EXAMPLES whose lines begin as in a shell.
//
//   $ COMMAND      is run, as a shell would
//   > COMMAND      goes on with it
//   anything else  is what it writes, where the page shows that: `...` stands for any text in a line, and on a
//                  line of its own for any lines

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../../man", import.meta.url));

export interface Example {
  command: string;
  /** The lines that the page shows of its output; none where it shows nothing. */
  shown: string[];
}

export interface Page {
  /** "es-venv.1" */
  name: string;
  examples: Example[];
}

/** A line of a display as a reader sees it (groff_char(7), as far as our pages use it). */
function asSeen(line: string): string {
  return line.replace(/\\(&|e|-|\((?:dq|aq))/g, (_, name: string) =>
    name === "e" ? "\\" : name === "-" ? "-" : name === "(dq" ? '"' : name === "(aq" ? "'" : "",
  );
}

/** The displays of a page's examples, each as the lines that a reader sees. */
export function displaysOf(source: string): string[][] {
  const [section = ""] = source.split(/^\.Sh /m).filter((text) => text.startsWith("EXAMPLES\n"));
  const displays = section.matchAll(/^\.Bd -literal.*\n((?:(?!\.Ed$).*\n)*)\.Ed$/gm);
  return [...displays].map(([, display = ""]) => display.trimEnd().split("\n").map(asSeen));
}

/** The examples of a page. */
export function examplesOf(source: string): Example[] {
  const examples: Example[] = [];
  for (const lines of displaysOf(source)) {
    if (!lines[0]?.startsWith("$ ")) continue;
    for (const line of lines) {
      const example = examples.at(-1);
      if (line.startsWith("$ ")) examples.push({ command: line.slice(2), shown: [] });
      else if (line.startsWith("> ") && example?.shown.length === 0) example.command += `\n${line.slice(2)}`;
      else example?.shown.push(line);
    }
  }
  return examples;
}

/** All pages of the manual. */
export function pages(): Page[] {
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, examples: examplesOf(readFileSync(join(folder, name), "utf8")) }));
}

const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** What an output must match to be the one that is shown. */
export function pattern(shown: readonly string[]): RegExp {
  const lines = shown.map((line) =>
    line === "..." ? "(?:.*\\n)*?" : `${line.split("...").map(literal).join(".*")}\\n`,
  );
  return new RegExp(`^${lines.join("")}$`);
}
