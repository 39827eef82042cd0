// Reading a fabfile: by Python's own ast, in a child process that runs and imports nothing of it (read.py).

import { execFile } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Failure, UsageError } from "../base/failure.js";
import { inPackage } from "../base/package-root.js";

/** What the text says of a value; `line` is where it does not say more. */
export type Value =
  | null
  | boolean
  | number
  | string
  | Value[]
  | { dict: [key: Value, value: Value][] }
  | { unknown: string; line: number | null }
  | { function: string; line: number };

/** A statement that sets env.NAME. */
export interface Setting {
  name: string;
  line: number;
  /** The statement, or its beginning. */
  text: string;
  value: Value;
}

/** A statement that says something of env.NAME, or of any of its settings, and does not count. */
export interface Left {
  name: string | null;
  line: number;
  text: string;
  why: string;
}

/** Other code: what is defined, called, or imported whole. */
export interface Code {
  name: string;
  line: number;
  kind: "function" | "class" | "call" | "import";
}

export interface Fabfile {
  settings: Setting[];
  left: Left[];
  code: Code[];
}

interface Trouble {
  error: "encoding" | "old-python" | "syntax";
  line: number;
  message: string;
  text: string;
}

/** Bytes; real ones have a few thousand. */
const most = 256 * 1024;

const python2: [RegExp, string][] = [
  [/^\s*print\b(?!\s*[=(.])/, "print as a statement"],
  [/^\s*exec\b(?!\s*[=(.])/, "exec as a statement"],
  [/\bexcept\s+[^:]+,\s*\w+\s*:/, "except with a comma"],
  [/^\s*raise\s+[\w.]+\s*,/, "raise with a comma"],
  [/<>/, "<>"],
  [/`/, "backquotes"],
  [/\bur["']/i, 'a text that begins with ur"'],
  [/(?<![\w.])0[0-7]+\b/, "a number that begins with 0"],
  [/(?<![\w.])\d+[lL]\b/, "a number that ends with L"],
];

function wrong(file: string, { error, line, message, text }: Trouble): UsageError {
  const at = `${file}:${line}`;
  if (error === "old-python")
    return new UsageError(`python3 is Python ${message}; what reads ${file} needs Python 3.8 or later`);
  if (error === "encoding")
    return new UsageError(
      `${at}: ${message}: write it in UTF-8 (iconv does it), or say in its first line which encoding it has`,
    );
  const [, old] = python2.find(([pattern]) => pattern.test(text)) ?? [];
  if (old === undefined) return new UsageError(`${at}: Python cannot read it: ${message}`);
  return new UsageError(
    `${at}: this is Python 2 (${old}): give a copy that Python 3 can read, which 2to3 makes; none of it is run`,
  );
}

/** The bytes of a regular file that is not too long. */
function bytesOf(file: string): Buffer {
  try {
    const stat = statSync(file);
    if (stat.isDirectory())
      throw new UsageError(`${file} is a directory; name the file, such as fabfile/__init__.py`);
    if (!stat.isFile()) throw new UsageError(`${file} is no regular file`);
    if (stat.size > most)
      throw new UsageError(`${file} has ${stat.size} bytes; a fabfile has ${most} at the most`);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(code === "ENOENT" ? `there is no file ${file}` : `cannot read ${file}: ${message}`);
  }
}

/** Runs read.py; resolves to what it writes. */
function runPython(file: string, input: Buffer, signal: AbortSignal): Promise<string> {
  return new Promise((done, failed) => {
    const args = ["-I", "-S", inPackage("lib/fabfile/read.py"), resolve(file)];
    const child = execFile("python3", args, { signal, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) return done(stdout);
      if (signal.aborted) return failed(error);
      if (error.code === "ENOENT" || error.code === 127 || error.code === 126)
        return failed(
          new Failure("no-program", "python3 does not run here: install Python 3.8 or later", { stderr }),
        );
      const how = error.signal ? `was ended by ${error.signal}` : `ended with status ${error.code}`;
      failed(new Failure("bad-fabfile", `Python ${how} while it read ${file}`, { stderr }));
    });
    // It may end before it has read all.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

/**
 * Reads a fabfile of Fabric 1 (docs.fabfile.org/en/1.14, "The environment dictionary, env"). Throws UsageError for
 * what is no Python that can be read, Failure "no-program" without a Python, and "bad-fabfile" where Python gives up.
 */
export async function readFabfile(file: string, signal: AbortSignal): Promise<Fabfile> {
  const read: Fabfile | Trouble = JSON.parse(await runPython(file, bytesOf(file), signal));
  if ("error" in read) throw wrong(file, read);
  return read;
}
