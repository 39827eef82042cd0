// How we learn of a command's beginning and end through the system's ssh, whose own status 255 means too much:
// the host says both on stderr, in lines that nobody else can know.

import { constants } from "node:os";
import { Transform, type TransformCallback } from "node:stream";
import { Failure } from "../base/failure.js";
import { randomHex } from "../base/random.js";
import type { Ended } from "./contract.js";

/** A word that is new for each command. */
export function newMark(): string {
  return `essay-${randomHex(12)}`;
}

/**
 * The command line that runs `command`, which is `exec sh -c '...'` without further quotes, or a line without
 * any, and tells of its beginning and end. The shell that waits must outlive a TERM to the group.
 */
export function marked(command: string, mark: string): string {
  const body = /^exec sh -c '([^']*)'$/.exec(command)?.[1] ?? command;
  if (/['\n]/.test(body)) throw new Failure("bad-argument", `a command with quotes in it: ${command}`);
  const around = [
    `echo "${mark} begins" >&2`,
    "trap : TERM",
    'sh -c "$0"',
    "s=$?",
    "echo >&2",
    `echo "${mark} ends $s" >&2`,
    "exit $s",
  ].join("; ");
  return `exec sh -c '${around}' '${body}'`;
}

/** What a shell's status says (POSIX, "Exit Status for Commands"): above 128, usually the number of a signal. */
function endedBy(status: number): Ended {
  const signals = Object.entries(constants.signals);
  const name =
    status > 128 && status < 160 ? signals.find(([, number]) => number === status - 128)?.[0] : undefined;
  return name === undefined ? { status, signal: null } : { status: null, signal: name.replace(/^SIG/, "") };
}

/** Takes the two lines out of stderr and passes the rest on. */
export class Marks extends Transform {
  readonly #begins: Buffer;
  readonly #ends: Buffer;
  #held: Buffer = Buffer.alloc(0);
  #hasBegun = false;
  #hasEnded = false;
  #resolveBegun = () => {};
  #resolveEnded: (ended: Ended) => void = () => {};
  /** Resolves when the command has begun. */
  readonly begun = new Promise<void>((resolve) => {
    this.#resolveBegun = resolve;
  });
  /** Resolves when the command has ended. */
  readonly ended = new Promise<Ended>((resolve) => {
    this.#resolveEnded = resolve;
  });

  constructor(mark: string) {
    super();
    this.#begins = Buffer.from(`${mark} begins\n`);
    this.#ends = Buffer.from(`\n${mark} ends `);
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    if (!this.#hasBegun) this.#lookForBegin();
    if (this.#hasBegun) this.#lookForEnd();
    // The longest beginning of a line of ours that may yet become whole.
    const longest = this.#ends.length + 4;
    this.#pass(Math.max(0, this.#held.length - longest));
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#pass(this.#held.length);
    done();
  }

  #pass(bytes: number): void {
    if (bytes > 0) this.push(this.#held.subarray(0, bytes));
    this.#held = this.#held.subarray(bytes);
  }

  #cut(from: number, to: number): void {
    this.#held = Buffer.concat([this.#held.subarray(0, from), this.#held.subarray(to)]);
  }

  #lookForBegin(): void {
    const at = this.#held.indexOf(this.#begins);
    if (at < 0) return;
    this.#cut(at, at + this.#begins.length);
    this.#hasBegun = true;
    this.#resolveBegun();
  }

  #lookForEnd(): void {
    const at = this.#held.indexOf(this.#ends);
    const end = at < 0 ? -1 : this.#held.indexOf(10, at + this.#ends.length);
    if (end < 0) return;
    const status = Number(this.#held.subarray(at + this.#ends.length, end).toString());
    this.#cut(at, end + 1);
    this.#hasEnded = true;
    this.#resolveEnded(endedBy(status));
  }
}
