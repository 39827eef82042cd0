// The screen of a terminal, as far as our programs need one: what is on it after what was written to it.

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const token = /\x1b\[(\??)(\d*)([A-Za-z])|([^\x1b])/gs;

const textOf = (line: readonly Cell[]) =>
  line
    .map(({ character }) => character)
    .join("")
    .trimEnd();

interface Cell {
  character: string;
  isRed: boolean;
}

/** Characters of one colour that stand together. */
export interface Run {
  text: string;
  isRed: boolean;
}

export class Screen {
  readonly #columns: number;
  readonly #rows: number;
  #lines: Cell[][] = [];
  #isRed = false;
  #row = 0;
  #column = 0;
  /** Whether the cursor is shown. */
  cursorIsShown = true;
  /** Lines that have left the screen at its top. */
  readonly scrolled: string[] = [];

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
    this.#lines = Array.from({ length: rows }, () => this.#empty(0));
  }

  #empty(from: number): Cell[] {
    return Array<Cell>(this.#columns - from).fill({ character: " ", isRed: false });
  }

  /** The lines of the screen down to the cursor's, or to the last one that has something on it. */
  get lines(): string[] {
    const lines = this.#lines.map(textOf);
    const last = Math.max(
      this.#row,
      lines.findLastIndex((line) => line !== ""),
    );
    return lines.slice(0, last + 1);
  }

  /** The same lines, with their colours. */
  get colouredLines(): Run[][] {
    return this.lines.map(({ length }, row) => {
      const runs: Run[] = [];
      for (const { character, isRed } of (this.#lines[row] ?? []).slice(0, length)) {
        const last = runs.at(-1);
        if (last?.isRed === isRed) last.text += character;
        else runs.push({ text: character, isRed });
      }
      return runs;
    });
  }

  get column(): number {
    return this.#column;
  }

  /** Takes what a program writes. Throws where it is something that this screen does not know. */
  feed(text: string): void {
    let at = 0;
    for (const match of text.matchAll(token)) {
      if (match.index !== at)
        throw new Error(`the screen does not know ${JSON.stringify(text.slice(at, at + 10))}`);
      at += match[0].length;
      const [, mark, number, command, character] = match;
      if (character !== undefined) this.#put(character);
      else this.#obey(`${mark}${command}`, Number(number));
    }
    if (at !== text.length) throw new Error("an escape sequence is not whole");
  }

  #put(character: string): void {
    if (character === "\r") this.#column = 0;
    else if (character === "\n") this.#down();
    else {
      if (this.#column === this.#columns) {
        this.#column = 0;
        this.#down();
      }
      (this.#lines[this.#row] as Cell[])[this.#column++] = { character, isRed: this.#isRed };
    }
  }

  #down(): void {
    if (this.#row < this.#rows - 1) {
      this.#row++;
      return;
    }
    this.scrolled.push(textOf(this.#lines.shift() as Cell[]));
    this.#lines.push(this.#empty(0));
  }

  #obey(command: string, number: number): void {
    const line = this.#lines[this.#row] as Cell[];
    if (command === "A") this.#row = Math.max(0, this.#row - number);
    else if (command === "G") this.#column = Math.max(1, number) - 1;
    else if (command === "K" || command === "J") {
      line.splice(this.#column, this.#columns, ...this.#empty(this.#column));
      if (command === "J")
        for (let row = this.#row + 1; row < this.#rows; row++) this.#lines[row] = this.#empty(0);
    } else if (command === "?h" || command === "?l") this.cursorIsShown = command === "?h";
    else if (command === "m") this.#isRed = number === 31;
    else throw new Error(`the screen does not know ${command}`);
  }
}
