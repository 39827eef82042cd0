// Asking the person at the terminal, whatever stdin and stdout are.

import { closeSync, openSync } from "node:fs";
import { abortable } from "./abort.js";
import { printable } from "./printable.js";

/** How a question is put. */
export interface Asking {
  /** The answer is not shown while it is typed. */
  hidden: boolean;
  signal?: AbortSignal | undefined;
}

/** A descriptor of the process's terminal; undefined where it has none. */
function openTerminal(): number | undefined {
  try {
    return openSync("/dev/tty", "r+");
  } catch {
    return undefined;
  }
}

/**
 * Asks a question on the terminal; undefined where there is none, or where the person ends the input (Ctrl-D).
 * Ctrl-C is what it always is: a SIGINT for all programs of the pipeline.
 */
export async function ask(question: string, { hidden, signal }: Asking): Promise<string | undefined> {
  signal?.throwIfAborted();
  const descriptor = openTerminal();
  if (descriptor === undefined) return undefined;
  const [{ ReadStream, WriteStream }, { createInterface }, { Writable }] = await Promise.all([
    import("node:tty"),
    import("node:readline"),
    import("node:stream"),
  ]);
  const input = new ReadStream(descriptor);
  // A stream of its own: closing the one for reading closes the descriptor.
  const shown = new WriteStream(openSync("/dev/tty", "w"));
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const text = printable(question);
  const lines = createInterface({ input, output: hidden ? nowhere : shown, terminal: true, historySize: 0 });
  // Only now that the terminal itself shows nothing any more of what is typed.
  if (hidden) shown.write(text);
  try {
    const answered = new Promise<string | undefined>((resolve) => {
      lines.on("close", () => resolve(undefined));
      // The terminal does not make signals of keys while a line is read from it.
      lines.on("SIGINT", () => process.kill(0, "SIGINT"));
      lines.question(hidden ? "" : text, resolve);
    });
    return await (signal ? abortable(answered, signal) : answered);
  } finally {
    lines.close();
    if (hidden) shown.write("\n");
    input.destroy();
    shown.destroy();
  }
}

/** True where `ask` would find somebody to ask. */
export function hasTerminal(): boolean {
  const descriptor = openTerminal();
  if (descriptor !== undefined) closeSync(descriptor);
  return descriptor !== undefined;
}
