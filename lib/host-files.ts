// Files of configuration for a host: templates with its values filled in, and files that go as they are; and how they
// get there.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { type Digest, digestOf } from "./base/digest.js";
import { Failure, UsageError } from "./base/failure.js";
import type { RecordWith } from "./base/schema.js";
import type { Settings } from "./config/settings.js";
import type { Results } from "./remote/results.js";
import { renderTemplate, type Values } from "./templates/render.js";
import type { Payload, Target, Transport } from "./transport/contract.js";
import { type Circumstances, runScript } from "./transport/run-script.js";

/** A file that is to be on hosts. */
export interface FileWanted {
  /** Here; absolute, or relative to the working directory. */
  from: string;
  /** There; see checkDestination. */
  to: string;
  /** Octal; undefined for 0644, or 0600 where a secret is in it. */
  mode: string | undefined;
  owner: string | undefined;
  /** Goes as it is. */
  raw: boolean;
  /** Names of our environment's variables that its template may use, as env.NAME. */
  env: readonly string[];
}

/** The same with what is in it: a template's text, or the size and the hash of a file that goes as it is. */
export type Source = FileWanted & { secrets: Values } & ({ text: string } | Digest);

/** What the names of secrets begin with. They are no table: nothing else may lead to one. */
const secretMark = "env.";

/** The values of the variables with these names. Throws UsageError for one that is not set. */
function secretsOf(names: readonly string[]): Values {
  const missing = names.find((name) => !Object.hasOwn(process.env, name));
  if (missing !== undefined) throw new UsageError(`the environment has no variable ${missing}`);
  return Object.fromEntries(names.map((name) => [`${secretMark}${name}`, process.env[name] ?? ""]));
}

/** Reads a file, before any host is touched. Throws UsageError for one that cannot be read, or is no text. */
export async function readSource(wanted: FileWanted): Promise<Source> {
  const { from } = wanted;
  const secrets = secretsOf(wanted.env);
  try {
    const found = await stat(from);
    // A device may have no end. A pipe has one, but can be read only once, and a file that goes as it is is read twice.
    if (!found.isFile() && (wanted.raw || !found.isFIFO()))
      throw new UsageError(`${from} is no file${found.isDirectory() ? ": it is a directory" : ""}`);
    if (wanted.raw) return { ...wanted, secrets, ...(await digestOf(from)) };
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await readFile(from));
    return { ...wanted, secrets, text };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof TypeError)
      throw new UsageError(
        `${from} is not UTF-8, so it is no template: --raw, or raw = true, sends it as it is`,
      );
    throw new UsageError(`cannot read ${from}: ${(error as Error).message}`);
  }
}

/** What templates can name. */
export function valuesFor(
  settings: Settings,
  record: RecordWith<"project" | "profile" | "venv" | "bind" | "vars">,
): Values {
  const { trace: _, batch: __, error: ___, plan: ____, ...fields } = record as Record<string, unknown>;
  const { venv } = record;
  const { ports = {}, deploy } = settings.config.values;
  return {
    ...(fields as Values),
    project: settings.find("project", { record: record.project }),
    profile: settings.find("profile", { record: record.profile }),
    bind: record.bind ?? "127.0.0.1",
    vars: record.vars ?? {},
    // As in a supervisord.conf.
    run_root: venv?.path,
    venv_dir: venv?.path,
    virtualenv_name: venv?.name,
    port: venv && Object.hasOwn(ports, venv.name) ? ports[venv.name] : undefined,
    process_count: deploy?.processes ?? 1,
    config: settings.config.values as unknown as Values,
  };
}

const hints = {
  venv: "run es-venv before",
  run_root: "run es-venv before",
  venv_dir: "run es-venv before",
  virtualenv_name: "run es-venv before",
  port: "say it in [ports] of essay.toml for this virtualenv",
};

/** A file for one host. */
export interface Rendered {
  source: Source;
  sha256: string;
  /** What is sent: a text, or as many bytes of the file. */
  content: Buffer | number;
  /** The same with *** for secrets. */
  masked: Buffer | undefined;
}

async function render(source: Source, values: Values): Promise<Rendered> {
  if (!("text" in source)) return { source, sha256: source.sha256, content: source.size, masked: undefined };
  let secret = false;
  const fill = (insert: (value: string, name: string) => string) =>
    renderTemplate(
      source.text,
      { ...values, ...source.secrets },
      { source: source.from, hints, insert: (value, _, name) => insert(value, name) },
    );
  const isSecret = (name: string) => name.startsWith(secretMark);
  const content = Buffer.from(
    await fill((value, name) => {
      secret ||= isSecret(name);
      return value;
    }),
  );
  const masked = secret ? await fill((value, name) => (isSecret(name) ? "***" : value)) : undefined;
  return {
    source,
    sha256: createHash("sha256").update(content).digest("hex"),
    content,
    masked: masked === undefined ? undefined : Buffer.from(masked),
  };
}

const sizeOf = (content: Buffer | number) => (typeof content === "number" ? content : content.length);
const sizeSent = ({ content, masked }: Rendered) => sizeOf(content) + (masked?.length ?? 0);

/** The files for the host of a record. Throws Failure "template-failed". */
export async function filesFor(sources: readonly Source[], values: Values): Promise<Rendered[]> {
  const files: Rendered[] = [];
  for (const source of sources) files.push(await render(source, values));
  return files;
}

/** So many bytes go with the hashes; what is beyond them is sent where it is asked for. As in conf.py. */
const sentAtOnce = 262_144;

/** The numbers of the smallest files, as many as are sent at once. */
function smallest(files: readonly Rendered[]): number[] {
  let room = sentAtOnce;
  const bySize = files
    .map((file, number) => ({ number, size: sizeSent(file) }))
    .sort((a, b) => a.size - b.size);
  return bySize.flatMap(({ number, size }) => {
    room -= size;
    return room >= 0 ? [number] : [];
  });
}

/** What the script is told of all files, eight arguments for each, and the bytes of those with these numbers. */
export function sending(
  files: readonly Rendered[],
  sent: ReadonlySet<number>,
): { args: string[]; payload: Payload } {
  const args = files.flatMap(({ source, sha256, content, masked }, number) => [
    source.to,
    source.mode ?? (masked ? "0600" : "0644"),
    source.owner ?? "-",
    source.raw ? "1" : "0",
    sha256,
    String(sizeOf(content)),
    masked ? String(masked.length) : "-",
    sent.has(number) ? "1" : "0",
  ]);
  const chosen = files.filter((_, number) => sent.has(number));
  async function* bytes(): AsyncGenerator<Buffer> {
    for (const { source, content, masked } of chosen) {
      if (typeof content !== "number") yield content;
      else if (content > 0) yield* createReadStream(source.from, { end: content - 1 });
      if (masked) yield masked;
    }
  }
  const size = chosen.reduce((sum, file) => sum + sizeSent(file), 0);
  return { args, payload: { size, open: () => Readable.from(bytes(), { objectMode: false }) } };
}

/**
 * Puts the files on the host: one run of the script where they are small, or are there already; otherwise a second one
 * with those of the large ones that differ. `words`: the script's arguments before those of the files, the virtualenv's
 * path first, or -. Throws Failure.
 */
export async function putFiles(
  transport: Transport,
  target: Target,
  files: readonly Rendered[],
  words: readonly string[],
  task: Circumstances,
): Promise<Results> {
  const sent = new Set(smallest(files));
  for (;;) {
    const { args, payload } = sending(files, sent);
    const script = {
      parts: ["state", "conf"],
      args: [...words, ...args],
      locks: words[0],
      code: "conf-failed",
      payload,
    };
    const results = await runScript(transport, target, script, task);
    const needed = results.all("needed").map(Number);
    if (needed.length === 0) return results;
    const more = needed.filter((number) => number in files && !sent.has(number));
    if (more.length === 0) throw new Failure("conf-failed", "the host asks for files that it was sent");
    for (const number of more) sent.add(number);
  }
}
