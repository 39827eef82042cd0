// The two kinds of trouble: one record's failure, which is data, and a wrong call, which ends the program.

/** What a Failure may tell beyond its code and sentence; it goes into the record's `error` as it is. */
export interface FailureDetails {
  /** Exit status of the command that failed. */
  exit?: number;
  /** Signal that ended the command, such as "SIGKILL". */
  signal?: string;
  /** The end of what the command wrote to stderr (at most 4 KiB are kept). */
  stderr?: string;
}

/**
 * Something that went wrong with one host, file or release. `code` is a short stable word that es-record(5)
 * lists; `message` is one sentence that names the object and the cause and, where there is one, the way on.
 */
export class Failure extends Error {
  readonly code: string;
  readonly details: FailureDetails;
  /** Whether something had been changed, or was just being changed, when it came. */
  changed = false;
  constructor(code: string, message: string, details: FailureDetails = {}) {
    super(message);
    this.name = "Failure";
    this.code = code;
    this.details = details;
  }
}

/** Wrong usage, configuration or input: the program ends with status 2 and touches nothing. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** Any thrown value as a Failure. What is none already is a fault of ours or of the system: code "internal". */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  // Of a record, not of the command line: a wrong value in one record is that record's failure.
  if (thrown instanceof UsageError) return new Failure("bad-argument", thrown.message);
  if (!(thrown instanceof Error)) return new Failure("internal", String(thrown));
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") return new Failure("disk-full", thrown.message);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return new Failure("permission-denied", thrown.message);
  return new Failure("internal", thrown.message, thrown.stack ? { stderr: thrown.stack } : {});
}
