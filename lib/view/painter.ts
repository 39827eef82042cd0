// Lines on a terminal that are drawn again and again, below all that was written before.
//
// The cursor is on the line below ours, in front, whenever nothing is being written, and shown: however the program
// ends, the terminal is left in order. What is written at once goes out in one piece, in which the cursor is hidden, and
// only lines that differ are written: so nothing flickers.

import { width } from "../base/width.js";
import type { Line, Size } from "./lines.js";

const csi = "\x1b[";
const eraseBelow = `${csi}J`;
const eraseRest = `${csi}K`;

const coloured = ({ text, bad }: Line) => (bad ? `${csi}31m${text}${csi}0m` : text);

/** The terminal. */
export interface Output {
  write(text: string): unknown;
}

export class Painter {
  readonly #output: Output;
  #shown: Line[] = [];
  /** Whether the terminal surely shows them. */
  #sure = true;

  constructor(output: Output) {
    this.#output = output;
  }

  #write(text: string): void {
    this.#output.write(`${csi}?25l${text}${csi}?25h`);
  }

  /** Moves to the first of our lines, as many rows up as they take now. */
  #up(rows = this.#shown.length): string {
    return rows > 0 ? `\r${csi}${rows}A` : "\r";
  }

  /** Shows these lines instead of those before. */
  draw(lines: readonly Line[]): void {
    const before = this.#shown;
    const same = (i: number) => {
      const line = lines[i];
      return this.#sure && line !== undefined && before[i]?.text === line.text && before[i]?.bad === line.bad;
    };
    if (lines.length === before.length && lines.every((_, i) => same(i))) return;
    const drawn = lines.map((line, i) => `${same(i) ? "" : coloured(line) + eraseRest}\r\n`);
    this.#write(this.#up() + drawn.join("") + eraseBelow);
    this.#shown = [...lines];
    this.#sure = true;
  }

  /** The next lines are written whole: a terminal drops what it has not yet shown when Ctrl-C is typed. */
  doubt(): void {
    this.#sure = false;
  }

  /** Writes lines that stay, above ours. */
  above(text: string): void {
    const drawn = this.#shown.map((line) => `${coloured(line)}\r\n`);
    this.#write(this.#up() + eraseBelow + text.replaceAll("\n", "\r\n") + drawn.join(""));
  }

  /** Takes our lines away. */
  clear(): void {
    if (this.#shown.length > 0) this.#write(this.#up() + eraseBelow);
    this.#shown = [];
  }

  /** Leaves our lines where they are: something else was written below them. */
  leave(): void {
    this.#shown = [];
  }

  /** Takes our lines away from a terminal that has another size now, and has broken lines that are too long for it. */
  resized({ columns, rows }: Size): void {
    const taken = this.#shown.reduce(
      (sum, { text }) => sum + Math.max(1, Math.ceil(width(text) / columns)),
      0,
    );
    if (taken > 0) this.#write(this.#up(Math.min(taken, Math.max(0, rows - 1))) + eraseBelow);
    this.#shown = [];
  }
}
