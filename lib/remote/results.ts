// The lines that scripts write: name, tab, value, with tab, newline and backslash escaped in the value.

import { StringDecoder } from "node:string_decoder";
import { Failure } from "../base/failure.js";

function unescaped(value: string): string {
  return value.replace(/\\(.)/g, (_, character: string) =>
    character === "n" ? "\n" : character === "t" ? "\t" : character,
  );
}

/** A line without its end as name and value; undefined for one that is no result. */
export function parseResult(line: string): readonly [name: string, value: string] | undefined {
  const tab = line.indexOf("\t");
  return tab < 0 ? undefined : [line.slice(0, tab), unescaped(line.slice(tab + 1))];
}

/** Bytes of results at most: a host must not fill our memory. */
const mostBytes = 64 * 1024 * 1024;

/** What a script said, by name, in its order. */
export class Results {
  readonly #values = new Map<string, string[]>();
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";
  #size = 0;

  /** Takes bytes as they come. Throws Failure "bad-answer" for more than a script has to say. */
  push(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > mostBytes)
      throw new Failure("bad-answer", `the host says more than the ${mostBytes} bytes that a script may`);
    const text = this.#decoder.write(chunk);
    // A long line that comes in pieces is put together once.
    if (!text.includes("\n")) {
      this.#rest += text;
      return;
    }
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const result = parseResult(line);
      if (result) this.add(...result);
    }
  }

  add(name: string, value: string): void {
    const values = this.#values.get(name) ?? [];
    values.push(value);
    this.#values.set(name, values);
  }

  /** Every value of a name, in order. */
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** The last value of a name, which is forgotten. */
  take(name: string): string | undefined {
    const value = this.get(name);
    this.#values.delete(name);
    return value;
  }

  /** The last value of a name. */
  get(name: string): string | undefined {
    return this.all(name).at(-1);
  }
}
