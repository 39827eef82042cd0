// Text on standard output that is no record: help, a document, a name.

import { writeSync } from "node:fs";
import { cannotWrite } from "./cannot-write.js";

/**
 * Writes what goes out without waiting, and gives the rest. Not by process.stdout, as long as that is not needed: to load
 * it takes Node a tenth of the time in which it starts.
 */
function writeAtOnce(text: string): Buffer {
  let rest = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(1, rest));
  } catch (error) {
    // A pipe that another program has made one that nobody waits for, and that is full.
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
  }
  return rest;
}

/** Writes all of it. Resolves when it has left; rejects with the system's error. */
async function writeAll(bytes: Buffer): Promise<void> {
  const error = await new Promise<Error | null | undefined>((done) => {
    process.stdout.once("error", done);
    process.stdout.write(bytes, (error) => {
      // An error comes as an event, too, after this.
      if (!error) process.stdout.off("error", done);
      done(error);
    });
  });
  if (error) throw error;
}

/** Writes all of it. Throws Failure: no-reader, disk-full, permission-denied; the system's error for other reasons. */
export async function print(text: string): Promise<void> {
  try {
    const rest = writeAtOnce(text);
    if (rest.length > 0) await writeAll(rest);
  } catch (error) {
    throw cannotWrite("standard output", error as NodeJS.ErrnoException);
  }
}
