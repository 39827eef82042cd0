// What the macros of a page of the manual say in a line: as much of mdoc(7) as our pages use.

const closing = new Set([".", ",", ":", ";", ")", "]", "?", "!"]);
const opening = new Set(["(", "["]);

/** Macros whose words are text, however a terminal would show them. */
const plain = new Set(["Ar", "Cm", "Dv", "Em", "Ev", "Fl", "Li", "No", "Pa", "Sx", "Sy", "Va", "%T"]);

/** Macros that enclose the rest of their line. */
const enclosing: Readonly<Record<string, readonly [left: string, right: string]>> = {
  Brq: ["{", "}"],
  Dq: ['"', '"'],
  Op: ["[", "]"],
  Pq: ["(", ")"],
  Ql: ["'", "'"],
  Qq: ['"', '"'],
  Sq: ["'", "'"],
};

/** Macros that open what another one closes, on a later line it may be. */
const begin: Readonly<Record<string, string>> = { Oo: "[", Po: "(", So: "'" };
const end: Readonly<Record<string, string>> = { Oc: "]", Pc: ")", Sc: "'" };

const glyphs: Readonly<Record<string, string>> = {
  "&": "",
  "-": "-",
  e: "\\",
  " ": "\u00a0",
  "`": "`",
  "(aq": "'",
  "(dq": '"',
  "(em": "-",
  "(en": "-",
};

/** Text without escapes (mandoc_char(7)). Throws for one that is not known. */
export function unescaped(text: string): string {
  return text.replace(/\\(\(..|.)/g, (whole, name: string) => {
    const glyph = glyphs[name];
    if (glyph === undefined) throw new Error(`the manual has an escape that is not known: ${whole}`);
    return glyph;
  });
}

/** The words of a macro's line; what is quoted is one of them. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|((?:\\.|\S)+)/g)].map(([, quoted, word = ""]) => quoted ?? word);
}

/** Words that are to be set, with a space between them where they are not joined. */
export class Words {
  readonly list: string[] = [];
  #joined = false;

  add(text: string): void {
    if (this.#joined && this.list.length > 0) this.list.push(`${this.list.pop()}${text}`);
    else this.list.push(text);
    this.#joined = false;
  }

  /** The next word follows without a space. */
  join(): void {
    this.#joined = true;
  }

  open(mark: string): void {
    this.add(mark);
    this.join();
  }

  close(mark: string): void {
    this.join();
    this.add(mark);
  }
}

/** Adds what a macro and its words say; `name` is that of the page. */
export function inline(words: readonly string[], to: Words, name: string): void {
  let macro = "";
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    const marks = enclosing[word];
    if (marks) {
      const first = words.findIndex((one, i) => i > at && !opening.has(one));
      for (const mark of words.slice(at + 1, first)) to.open(mark);
      const rest = words.slice(first);
      const trailing = rest.length - 1 - rest.findLastIndex((one) => !closing.has(one));
      const inner = rest.slice(0, rest.length - trailing);
      to.open(marks[0]);
      inline(inner, to, name);
      to.close(marks[1]);
      for (const mark of rest.slice(inner.length)) to.close(mark);
      return;
    }
    const next = words[at + 1];
    const isAlone = next === undefined || closing.has(next);
    if (plain.has(word)) {
      macro = word;
      if (word === "Fl" && isAlone) to.add("-");
    } else if (word === "Ns") to.join();
    else if (word === "Nm") {
      macro = "Nm";
      if (isAlone) to.add(name);
    } else if (word === "Xr") {
      to.add(`${next}(${words[at + 2]})`);
      at += 2;
    } else if (begin[word]) to.open(begin[word]);
    else if (end[word]) to.close(end[word]);
    else if (closing.has(word)) to.close(word);
    else if (opening.has(word)) to.open(word);
    else to.add(unescaped(macro === "Fl" && word !== "|" ? `-${word}` : word));
  }
}

/** Whether `inline` knows a macro. */
export function isInline(macro: string): boolean {
  return (
    plain.has(macro) ||
    ["Nm", "Ns", "Xr"].includes(macro) ||
    [enclosing, begin, end].some((all) => Object.hasOwn(all, macro))
  );
}
