// What a program does just now: one line on a terminal, drawn anew again and again, below all other lines.

import { milliseconds } from "./base/clock.js";

/** Where the line is shown, such as stderr. */
export interface Screen {
  isTTY?: boolean;
  /** Its width; 0 or undefined where the terminal does not know. */
  columns?: number;
  write(text: string): unknown;
}

/** Milliseconds between two drawings: people read no faster. */
const pause = 100;

export class StatusLine {
  readonly #screen: Screen;
  readonly #wanted: boolean;
  #shown = "";
  #drawnAt = Number.NEGATIVE_INFINITY;

  /** Without `wanted`, or where the screen is no terminal, nothing is ever drawn. */
  constructor(screen: Screen, wanted: boolean) {
    this.#screen = screen;
    this.#wanted = wanted && screen.isTTY === true;
  }

  /** Shows a text instead of the one before; too soon after that, it is not even made. It is printable. */
  draw(text: () => string): void {
    const now = milliseconds();
    if (!this.#wanted || now - this.#drawnAt < pause) return;
    this.#drawnAt = now;
    // A line that the terminal breaks could not be taken back.
    this.#shown = text().slice(0, (this.#screen.columns || 80) - 1);
    this.#screen.write(`\r\x1b[K${this.#shown}`);
  }

  /** Takes the text away. */
  clear(): void {
    if (this.#shown !== "") this.#screen.write("\r\x1b[K");
    this.#shown = "";
  }

  /** Writes lines of another kind; the text is drawn again below them by the next `draw`. */
  write(lines: string): void {
    this.clear();
    this.#drawnAt = Number.NEGATIVE_INFINITY;
    this.#screen.write(lines);
  }
}
