// Running a command for the next version until the number is ours: another builder may have taken it between our
// looking at the index and our upload.

import { Readable } from "node:stream";
import { parseFilename } from "./base/distribution.js";
import type { Json } from "./base/json.js";
import type { RecordError, RecordWith } from "./base/schema.js";
import type { Context } from "./cli.js";
import { runFilter } from "./foreground.js";
import { relay } from "./step.js";
import { amend } from "./stream/members.js";
import { checkedRecords, type Line } from "./stream/reader.js";
import { RecordWriter } from "./stream/writer.js";

/** A release record that begins a pipeline. */
export interface Release {
  project: string;
  version: string;
  [field: string]: Json;
}

/**
 * Among how many of the free numbers each attempt takes one at random. The first takes the next one. Of the
 * builders that lost it together all but one would lose the next one, too, so the more often we have lost, the
 * further apart we go. Of 20 that do everything at the same instant, one is left without a number after these
 * five once in 10 000 times.
 */
const choices = [1, 4, 16, 64, 256];

type Uploading = RecordWith<"project" | "error" | "uploaded">;

/**
 * What a step says when another builder has the same number: it is on the index already, or, where both build in
 * one folder, the file is not the one that was made. What the release depends on has codes of its own.
 */
const signs = ["already-exists", "file-changed"];

/** Whether a record says that somebody else has its version. */
function saysTaken({ error, uploaded }: Uploading, project: string): boolean {
  if (error) return signs.includes(error.code);
  const ours = uploaded?.filter(({ filename }) => parseFilename(filename, project)) ?? [];
  // Wheels of two builders may have names that differ; the sdist's is the same, so one of them was first with it.
  const claim = ours.find(({ filename }) => parseFilename(filename)?.kind === "sdist") ?? ours[0];
  return claim?.outcome === "present";
}

/** The lines of an output that are records; undefined where some line is none. */
async function recordsIn(output: Buffer): Promise<Line[] | undefined> {
  const lines: Line[] = [];
  const input = Readable.from([output], { objectMode: false });
  for await (const line of checkedRecords(input, () => ["error", "uploaded"])) {
    if ("problem" in line) return undefined;
    lines.push(line);
  }
  return lines;
}

/** A record that must not be taken for that of a release which was made. */
function withError(line: Line, error: RecordError): Line {
  if (line.record.error) return line;
  const json = error as unknown as Json;
  return { ...line, text: amend(line.text, { error: json }), record: { ...line.record, error: json } };
}

/** Writes what the command wrote: records as every step does, all else as it came. */
async function passOn(context: Context, output: Buffer, lines: readonly Line[] | undefined): Promise<number> {
  if (lines && lines.length > 0) return relay(context, lines);
  if (output.length === 0) return 0;
  const writer = new RecordWriter(process.stdout);
  await writer.write(output.toString().replace(/\n$/, ""), "the command");
  if (writer.unread.length > 0) context.warn("nobody read the output of the command");
  return writer.unread.length > 0 ? 1 : 0;
}

/**
 * Runs a command with a release record on its stdin; when its output says that the version was taken meanwhile,
 * again with another one, five times at most. `next` makes the record: its version is none of those `tried`, and
 * `skip` free numbers are left out. What the last run wrote is written, and the exit status is its own, or 1
 * where a record failed or no number was ours.
 */
export async function untilOurs(
  context: Context,
  words: readonly string[],
  next: (tried: readonly string[], skip: number) => Promise<Release>,
): Promise<number> {
  const tried: string[] = [];
  for (const among of choices) {
    const release = await next(tried, Math.floor(Math.random() * among));
    const { project, version } = release;
    tried.push(version);
    if (tried.length > 1)
      context.warn(`again with ${project} ${version} (attempt ${tried.length} of ${choices.length})`);
    const { status, output } = await runFilter(words, `${JSON.stringify(release)}\n`, context.interrupt);
    const lines = await recordsIn(output);
    const taken = lines?.some(({ record }) => saysTaken(record as Uploading, project)) ?? false;
    if (!taken) {
      const written = await passOn(context, output, lines);
      return status || written;
    }
    const message = `${project} ${version} was taken by another builder meanwhile`;
    context.warn(message);
    if (!context.interrupt.received && tried.length < choices.length) continue;
    const error = { step: context.name, code: "already-exists", message };
    return (
      (await passOn(
        context,
        output,
        lines?.map((line) => withError(line, error)),
      )) ||
      status ||
      1
    );
  }
  return 1;
}
