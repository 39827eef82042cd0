// Work that is done by one host for all of them: the first that can, while the others wait for it. Inside a roll it
// is done once for all of its batches, which leave notes for each other.

import { createHash } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { abortable, pause } from "../base/abort.js";
import { isAlive } from "../base/process.js";

/** How the work ended, and whose it was. */
export interface Outcome {
  host: string;
  /** Why it failed: one sentence; undefined where it did not. */
  failed?: string | undefined;
}

/** What is noted in the roll's directory. */
interface Note extends Outcome {
  /** The process that is at it. */
  pid: number;
  ended: boolean;
}

/** Resolves to why it failed, if it did; throws where it has not begun, and another host may try. */
export type Work = () => Promise<string | undefined>;

/** Between two looks at the note of another process. */
const interval = 200;

/** One piece of work. */
export class Once {
  readonly #file: string | undefined;
  #underWay: Promise<Outcome | undefined> | undefined;

  /** `roll`: the directory of the roll that we are in; `work`: what tells this work from any other. */
  constructor(roll: string | undefined, work: readonly string[]) {
    const key = createHash("sha256").update(JSON.stringify(work)).digest("hex").slice(0, 32);
    this.#file = roll ? join(roll, `once-${key}`) : undefined;
  }

  /**
   * Has `work` done for `host`, unless it is done for another, or is being done, which is waited for. Resolves to how
   * it ended, here or there. What `work` throws, so does this. Throws the abort's reason.
   */
  async take(host: string, work: Work, signal: AbortSignal): Promise<Outcome> {
    for (;;) {
      const other = this.#underWay;
      if (!other) return this.#begin(host, work, signal);
      const outcome = await abortable(other, signal);
      if (outcome) return outcome;
    }
  }

  #begin(host: string, work: Work, signal: AbortSignal): Promise<Outcome> {
    const attempt = this.#noted(host, work, signal);
    this.#underWay = attempt.catch(() => {
      this.#underWay = undefined;
      return undefined;
    });
    return attempt;
  }

  async #noted(host: string, work: Work, signal: AbortSignal): Promise<Outcome> {
    const file = this.#file;
    if (file === undefined) return { host, failed: await work() };
    const known = await this.#claim(file, host, signal);
    if (known) return known;
    let outcome: Outcome;
    try {
      outcome = { host, failed: await work() };
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
    // It is done also where that cannot be noted; what was noted at its beginning stays, and nobody does it again.
    await writeNote(file, { ...outcome, pid: process.pid, ended: true }).catch(() => {});
    return outcome;
  }

  /** Notes that we are at it, or waits for the process that is and resolves to how that ended. */
  async #claim(file: string, host: string, signal: AbortSignal): Promise<Outcome | undefined> {
    for (;;) {
      if (await leaveNote(file, { host, pid: process.pid, ended: false })) return undefined;
      const note = await readNote(file);
      if (note?.ended) return { host: note.host, ...(note.failed !== undefined && { failed: note.failed }) };
      if (note && !isAlive(note.pid))
        return { host: note.host, failed: "it was begun there, and nobody knows how it ended" };
      await pause(interval, signal);
    }
  }
}

const ownFile = (file: string) => `${file}.${process.pid}`;

async function writeNote(file: string, note: Note): Promise<void> {
  await writeFile(ownFile(file), JSON.stringify(note), { mode: 0o600 });
  await rename(ownFile(file), file);
}

/** Writes the note where there is none, whole from the moment it is there; false where there is one. */
async function leaveNote(file: string, note: Note): Promise<boolean> {
  await writeFile(ownFile(file), JSON.stringify(note), { mode: 0o600 });
  try {
    await link(ownFile(file), file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(ownFile(file), { force: true });
  }
}

/** The note; undefined where it has gone meanwhile. */
async function readNote(file: string): Promise<Note | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
