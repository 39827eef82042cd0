// Data in shell text: the only place where a string becomes a word of a POSIX shell.

import { Failure } from "./failure.js";

/**
 * `text` as one word of POSIX sh (XCU 2.2.2, single quotes). A NUL cannot be in an argument, and a lone
 * surrogate has no UTF-8 form, so both are refused with code "bad-argument".
 */
export function quoteWord(text: string): string {
  if (text.includes("\0"))
    throw new Failure("bad-argument", `argument ${JSON.stringify(text)} contains a NUL character`);
  if (!text.isWellFormed())
    throw new Failure("bad-argument", `argument ${JSON.stringify(text)} contains half of a surrogate pair`);
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A list of words, quoted only where a person would have to; for showing commands, not for running them. */
export function showCommand(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}
