// A list of hosts: one on each line, as it would be typed, or a record of an earlier run.

import { UsageError } from "../base/failure.js";
import { isObject } from "../base/json.js";
import type { RecordWith } from "../base/schema.js";
import { parseAddress } from "./address.js";
import type { Asked, Host } from "./inventory.js";

const reads = ["host", "user", "port", "roles", "vars", "prefix", "bind", "become", "index"] as const;

/** The lines of a list that say something, with their numbers; `#` begins a comment, but not in a record. */
function linesOf(text: string): { number: number; line: string }[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line, index) => {
      const trimmed = line.trim();
      const comment = trimmed.startsWith("{") ? trimmed : trimmed.replace(/(^|\s)#.*/, "").trim();
      return { number: index + 1, line: comment };
    })
    .filter(({ line }) => line !== "");
}

/** The host that a record is of, with what es-hosts has said about it, and nothing of what came later. */
async function fromRecord(number: number, line: string): Promise<Host> {
  const { wrongField } = await import("../base/schema.js");
  const wrong = (why: string) => new UsageError(`line ${number} of the list is no record of a host: ${why}`);
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch (error) {
    throw wrong((error as Error).message);
  }
  if (!isObject(record)) throw wrong("not a JSON object");
  const problem = wrongField(record, reads);
  if (problem !== undefined) throw wrong(problem);
  const { host, user, port, roles = [], ...all } = record as RecordWith<(typeof reads)[number]>;
  if (host === undefined) throw wrong("it has no field host");
  const at = user === undefined ? "" : `${user}@`;
  const place = host.includes(":") ? `[${host}]` : host;
  const address = parseAddress(`${at}${place}${port === undefined ? "" : `:${port}`}`);
  const { vars, prefix, bind, become, index } = all;
  return {
    ...address,
    roles,
    ...(vars && { vars }),
    ...(prefix !== undefined && { prefix }),
    ...(bind !== undefined && { bind }),
    ...(become !== undefined && { become }),
    ...(index !== undefined && { index }),
  };
}

/** What a list asks for. Throws UsageError that names the line. */
export async function hostsOfList(text: string): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const { number, line } of linesOf(text))
    asked.push(
      line.startsWith("{")
        ? { word: line, known: await fromRecord(number, line) }
        : { word: line, host: true },
    );
  return asked;
}
