// A report's file: whole under its name, or not there.

import { constants } from "node:fs";
import { access, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { cannotWrite } from "../base/cannot-write.js";
import { UsageError } from "../base/failure.js";
import { unfinished } from "../base/unfinished.js";

/** Throws UsageError where no file could be made beside `file`: better before the run than after it. */
export async function checkFolderOf(file: string): Promise<void> {
  await access(dirname(file), constants.W_OK).catch((error) => {
    throw new UsageError(`cannot write ${file}: ${(error as Error).message}`);
  });
}

/** Writes a file by another name beside it and a rename. Throws what `cannotWrite` makes of the error. */
export async function writeWhole(file: string, text: string): Promise<void> {
  let temporary = file;
  try {
    temporary = unfinished(file);
    await writeFile(temporary, text, { flag: "wx" });
    await rename(temporary, file);
  } catch (error) {
    if (temporary !== file) await rm(temporary, { force: true });
    throw cannotWrite(file, error as Error);
  }
}
