// Why the system lets no file be written, as a failure with a code.

import { Failure } from "./failure.js";

/** By the code of the system's error: a code of es-record(5), and why, in words. */
const refusals: Record<string, [code: string, why: string]> = {
  EPIPE: ["no-reader", "nobody reads it any more"],
  EACCES: ["permission-denied", "no permission to write there"],
  EPERM: ["permission-denied", "no permission to write there"],
  EROFS: ["permission-denied", "it is read-only"],
  ENOSPC: ["disk-full", "no space is left there"],
  EDQUOT: ["disk-full", "no space is left there"],
  EEXIST: ["in-the-way", "this is no folder"],
  ENOTDIR: ["in-the-way", "this is no folder"],
  EISDIR: ["in-the-way", "a folder there has that name"],
};

/** A Failure that says that `what` cannot be written, and why; the error itself where the reason is another one. */
export function cannotWrite(what: string, error: NodeJS.ErrnoException): Error {
  const [code, why] = refusals[error.code ?? ""] ?? [];
  return code === undefined ? error : new Failure(code, `cannot write ${what}: ${why}`);
}
