// How a case of the great run went, and what is said of it.

export interface Verdict {
  name: string;
  /** What came of it: the error's code, or "ok". */
  code: string;
  /** What must not be; empty when all is well. */
  wrong: string[];
}

export const describe = ({ name, code, wrong }: Verdict) =>
  `${wrong.length === 0 ? "ok    " : "WRONG "} ${name} -> ${code}${wrong.map((text) => `\n       ${text}`).join("")}`;
