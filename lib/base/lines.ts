// Lines out of text that comes in pieces.

/** Hands each whole line to `take`, without its end; `end` hands over a last one that has no end. */
export class Lines {
  #rest = "";
  readonly #take: (line: string) => void;
  constructor(take: (line: string) => void) {
    this.#take = take;
  }
  push(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#take(line);
  }
  end(): void {
    if (this.#rest !== "") this.#take(this.#rest);
    this.#rest = "";
  }
}
