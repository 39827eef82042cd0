// Text on standard output that is no record: help, a document, a name.

import { cannotWrite } from "./cannot-write.js";

/** Writes all of it. Throws Failure: no-reader, disk-full, permission-denied; the system's error for other reasons. */
export async function print(text: string): Promise<void> {
  const error = await new Promise<NodeJS.ErrnoException | undefined>((done) => {
    process.stdout.once("error", done);
    process.stdout.write(text, (error) => {
      // An error comes as an event, too, after this.
      if (!error) process.stdout.off("error", done);
      done(error ?? undefined);
    });
  });
  if (error) throw cannotWrite("standard output", error);
}
