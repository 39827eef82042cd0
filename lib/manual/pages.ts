// The pages of the manual, and the words that they may be asked for by.

import { readdirSync, readFileSync } from "node:fs";
import { inPackage } from "../base/package-root.js";

export interface Page {
  /** As in its first line, such as "essay.toml". */
  name: string;
  section: string;
  file: string;
}

/** All pages, in the order of their sections and names. */
export function manualPages(): Page[] {
  const folder = inPackage("man/");
  return readdirSync(folder)
    .flatMap((file): Page[] => {
      const [, name, section] = /^(.+)\.([1-8])$/.exec(file) ?? [];
      return name === undefined || section === undefined ? [] : [{ name, section, file: folder + file }];
    })
    .sort((a, b) => a.section.localeCompare(b.section) || a.name.localeCompare(b.name));
}

/** What is left of a page's name without that of the package: "recipes", "toml", "venv". */
export function shortName({ name }: Page): string {
  return name.replace(/^(?:es-|essay[.-])/, "");
}

/** The names that a page may be asked for by. */
export function pageNames(): string[] {
  return manualPages().flatMap((page) => [page.name, shortName(page)]);
}

/** The page of a name, long or short, which may have its section behind it: "venv", "es-venv", "es-venv(1)". */
export function pageNamed(word: string): Page | undefined {
  const [, name = word, section] = /^(.+?)(?:\((\d)\)|\.(\d))$/.exec(word) ?? [];
  const among = manualPages().filter((page) => section === undefined || page.section === section);
  return among.find((page) => page.name === name) ?? among.find((page) => shortName(page) === name);
}

/** The line that says what a page is about. */
export function titleOf(page: Page): string {
  return /^\.Nd (.*)$/m.exec(readFileSync(page.file, "utf8"))?.[1] ?? "";
}

/** The source of what es-record(5) says of the code of an error; undefined for a word that is none. */
export function codeEntry(code: string): string | undefined {
  const page = pageNamed("es-record(5)");
  const [, codes = ""] = (page && readFileSync(page.file, "utf8").split(/^\.Sh ERROR CODES$/m)) || [];
  const items = codes.split(/^(?=\.(?:It|El|Sh))/m).filter((item) => item.startsWith(".It Li "));
  return items.find((item) => /^\.It Li (.*)$/m.exec(item)?.[1]?.split(" , ").includes(code));
}
