// A page of the manual as plain text, for where no man(1) is.

import { inline, isInline, unescaped, Words, wordsOf } from "./words.js";

/** Columns that the text of a page is set in, and of a subsection's title. */
const margin = 5;
const halfMargin = 3;
/** Columns of an offset, and of what is hung on an item's mark. */
const indentation = 6;

/** A list that is being set. */
interface List {
  kind: string;
  compact: boolean;
  /** The column of its items' marks. */
  column: number;
  /** The column of what is around it. */
  outer: number;
  /** Columns from there to the items' text. */
  width: number;
  items: number;
  /** Of a table: how wide its columns are. */
  columns: readonly number[];
}

class Setter {
  readonly #width: number;
  readonly #lines: string[] = [];
  #words = new Words();
  #column = margin;
  /** What stands before the next line, in the column that it has. */
  #mark: { text: string; column: number } | undefined;
  #blankIsDue = false;
  #isBelowHeading = false;
  /** Columns by which a display is set in; undefined outside of one. */
  #display: number | undefined;
  readonly #lists: List[] = [];
  #name = "";
  #section = "";

  constructor(width: number) {
    this.#width = width;
  }

  #put(column: number, text: string): void {
    if (this.#blankIsDue && !this.#isBelowHeading && this.#lines.length > 0) this.#lines.push("");
    this.#blankIsDue = false;
    this.#isBelowHeading = false;
    this.#lines.push((" ".repeat(column) + text).replaceAll("\u00a0", " ").trimEnd());
  }

  /** Sets the words that have come, in lines. */
  #flush(): void {
    const words = this.#words.list.flatMap((text) => text.split(" ")).filter((word) => word !== "");
    this.#words = new Words();
    let line = "";
    let column = this.#column;
    if (this.#mark) {
      const { text, column: at } = this.#mark;
      this.#mark = undefined;
      const room = this.#column - at;
      if (words.length === 0 || text.length >= room) this.#put(at, text);
      else [line, column] = [text.padEnd(room - 1), at];
    }
    for (const word of words) {
      if (line !== "" && column + line.length + 1 + word.length > this.#width) {
        this.#put(column, line);
        [line, column] = ["", this.#column];
      }
      line += line === "" ? word : ` ${word}`;
    }
    if (line !== "") this.#put(column, line);
  }

  #heading(column: number, title: string): void {
    this.#flush();
    this.#blankIsDue = true;
    this.#put(column, title);
    this.#isBelowHeading = true;
    this.#column = margin;
  }

  #beginList(words: readonly string[]): void {
    this.#flush();
    const [kind = "", ...options] = words;
    const compact = kind === "-column" || options.includes("-compact");
    const offset = options.includes("-offset") ? indentation : 0;
    const given = options.includes("-width") ? options[options.indexOf("-width") + 1] : undefined;
    const tag = given === "Ds" ? indentation : (given?.length ?? 0);
    const columns = options.filter((word) => !["-compact", "-offset", "indent"].includes(word));
    const width = kind === "-tag" ? tag + 2 : kind === "-enum" ? 4 : 2;
    this.#lists.push({
      ...{ kind, compact, width, items: 0, outer: this.#column, column: this.#column + offset },
      columns: columns.map((column) => column.length + 2),
    });
    if (!compact || kind === "-column") this.#blankIsDue = true;
  }

  #item(words: readonly string[]): void {
    this.#flush();
    const list = this.#lists.at(-1);
    if (!list) throw new Error(`the manual has an item outside of a list: ${words.join(" ")}`);
    if (!list.compact) this.#blankIsDue = true;
    list.items++;
    this.#column = list.column + list.width;
    if (list.kind === "-column") this.#row(list, words);
    else if (list.kind === "-tag") {
      const head = new Words();
      inline(words, head, this.#name);
      this.#mark = { text: head.list.join(" "), column: list.column };
    } else this.#mark = { text: list.kind === "-enum" ? `${list.items}.` : "-", column: list.column };
  }

  #row(list: List, words: readonly string[]): void {
    this.#column = list.column;
    const cells: string[][] = [[]];
    for (const word of words)
      if (word === "Ta") cells.push([]);
      else cells.at(-1)?.push(word);
    const texts = cells.map((cell) => {
      const text = new Words();
      inline(cell, text, this.#name);
      return text.list.join(" ");
    });
    this.#put(list.column, texts.map((text, i) => text.padEnd(list.columns[i] ?? 0)).join(""));
  }

  #endList(): void {
    this.#flush();
    const list = this.#lists.pop();
    if (list) this.#column = list.outer;
  }

  #beginDisplay(words: readonly string[]): void {
    this.#flush();
    this.#blankIsDue = true;
    this.#display = words.includes("-offset") ? indentation : 0;
  }

  #paragraph(): void {
    this.#flush();
    this.#blankIsDue = true;
  }

  /** One line of a command, set in. */
  #displayedLine(words: readonly string[]): void {
    this.#flush();
    inline(words, this.#words, this.#name);
    this.#column += indentation;
    this.#flush();
    this.#column -= indentation;
  }

  /** A form of the command: what it takes hangs on its name. */
  #form(): void {
    this.#flush();
    this.#column = margin + this.#name.length + 1;
    this.#mark = { text: this.#name, column: margin };
  }

  /** What the macros do that are not a part of a sentence. */
  readonly #blocks: Readonly<Record<string, (words: readonly string[]) => void>> = {
    Dd: () => {},
    Dt: () => {},
    Os: () => {},
    Sh: (words) => {
      this.#section = words.join(" ");
      this.#heading(0, this.#section);
    },
    Ss: (words) => this.#heading(halfMargin, words.join(" ")),
    Pp: () => this.#paragraph(),
    Bl: (words) => this.#beginList(words),
    It: (words) => this.#item(words),
    El: () => this.#endList(),
    Rs: () => this.#paragraph(),
    Re: () => this.#words.close("."),
    Dl: (words) => this.#displayedLine(words),
    Nd: (words) => this.#words.add(`- ${words.join(" ")}`),
  };

  #macro(name: string, words: readonly string[]): void {
    const block = this.#blocks[name];
    if (name === "Nm" && this.#section === "NAME") this.#name = words[0] ?? "";
    if (block) block(words);
    else if (name === "Nm" && this.#section === "SYNOPSIS") this.#form();
    else if (isInline(name)) inline([name, ...words], this.#words, this.#name);
    else throw new Error(`the manual has a macro that is not known: ${name}`);
  }

  /** Takes a line of the page. */
  line(text: string): void {
    const [, name, rest = ""] = /^\.(%?[A-Za-z]+) ?(.*)$/.exec(text) ?? [];
    if (name === "Ed") this.#display = undefined;
    else if (this.#display !== undefined) this.#put(this.#column + this.#display, unescaped(text));
    else if (name === "Bd") this.#beginDisplay(wordsOf(rest));
    else if (name !== undefined) this.#macro(name, wordsOf(rest));
    else for (const word of unescaped(text).split(" ")) this.#words.add(word);
  }

  end(): string {
    this.#flush();
    return `${this.#lines.join("\n")}\n`;
  }
}

/** The text of a page whose source is given, in lines of so many columns; those of examples are as long as they are. */
export function plainText(source: string, width: number): string {
  const setter = new Setter(width);
  for (const line of source.trimEnd().split("\n")) setter.line(line);
  return setter.end();
}
