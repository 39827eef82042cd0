// Lines out of text that comes in pieces.

/** Characters of a line that are kept: others may write on and on. */
const longest = 1024 * 1024;

/**
 * Hands each whole line to `take`, without its end; `end` hands over a last one that has no end. Of a line that is too
 * long nothing is handed over but that: cut, it might have one half of a secret.
 */
export class Lines {
  #rest = "";
  #isTooLong = false;
  readonly #take: (line: string) => void;
  constructor(take: (line: string) => void) {
    this.#take = take;
  }
  push(text: string): void {
    const [first = "", ...more] = text.split("\n");
    this.#add(first);
    for (const line of more) {
      this.#hand();
      this.#add(line);
    }
  }
  end(): void {
    if (this.#rest !== "" || this.#isTooLong) this.#hand();
  }

  #add(text: string): void {
    this.#isTooLong ||= this.#rest.length + text.length > longest;
    this.#rest = this.#isTooLong ? "" : this.#rest + text;
  }

  #hand(): void {
    this.#take(this.#isTooLong ? `(a line of more than ${longest} characters)` : this.#rest);
    this.#rest = "";
    this.#isTooLong = false;
  }
}
