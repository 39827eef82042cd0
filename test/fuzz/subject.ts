// What is fuzzed: a part of the project that reads what others have written.

import assert from "node:assert/strict";
import { Failure, UsageError } from "../../lib/base/failure.js";

/** Something that reads inputs. */
export interface Subject {
  /** The name of its folder in the corpus. */
  name: string;
  /** Cases of a full run. */
  cases: number;
  /** Words of its language, which are put into inputs. */
  words: readonly (string | Buffer)[];
  /** Makes ready what it needs in a private folder. */
  open(folder: string): Promise<Reader>;
}

export interface Reader {
  /**
   * Reads one input: true where it was taken, and then it has come through whole; false where it was refused with a
   * code. Throws for anything else.
   */
  read(input: Buffer): Promise<boolean>;
  close?(): Promise<void>;
}

/** Sees that an error is a refusal: a Failure with its code, or a UsageError; throws any other one. */
export function checkRefusal(error: unknown): void {
  if (error instanceof UsageError) return;
  if (!(error instanceof Failure)) throw error;
  assert.match(error.code, /^[a-z][a-z0-9-]+$/);
  assert.notEqual(error.code, "internal", error.message);
}

/** What `act` gives, or undefined where it refuses. */
export async function unlessRefused<T>(act: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    checkRefusal(error);
    return undefined;
  }
}

/** Sees that a text has nothing in it that a terminal would obey; line breaks are allowed. */
export function checkPrintable(text: string): void {
  assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{Cc}\p{Bidi_Control}]/u);
}

/** Names that every object has. */
export const namesOfObjects = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"];
