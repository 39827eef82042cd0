// The history: what is noted of each change on a host, there and, where history.file says so, on this machine.

import { appendFileSync } from "node:fs";
import { hostname } from "node:os";
import { accountName } from "./base/account.js";
import { jsonLines } from "./base/json.js";
import type { Note } from "./base/note.js";
import type { Deed, RecordWith } from "./base/schema.js";
import { timestamp } from "./base/timestamp.js";
import type { Context } from "./cli.js";
import type { Settings } from "./config/settings.js";

type Noted = RecordWith<"host" | "project" | "version" | "commit" | "profile" | "prefix">;

/** Members of which nothing is known are left out. */
function known(members: { [name: string]: string | undefined }): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** What makes, for each record of a run, the note that goes to its host. */
export function noteTaker(
  { name: step, argv, warn }: Pick<Context, "name" | "argv" | "warn">,
  settings: Settings,
): (record: object) => Note {
  const user = accountName();
  const from = hostname();
  const file = settings.find("history");
  let told = false;
  const keep = (line: string) => {
    if (file === undefined) return;
    try {
      // One write, to the end: others may write to it at the same time.
      appendFileSync(file, `${line}\n`, { mode: 0o600 });
    } catch (error) {
      if (!told) warn(`the history cannot be kept in ${file}: ${(error as Error).message}`);
      told = true;
    }
  };
  return (record) => {
    const { host, version, commit, profile, ...said }: Noted = record;
    const project = settings.find("project", { record: said.project });
    const folder =
      settings.find("prefix", { record: said.prefix }) ?? (project === undefined ? "~" : `~/${project}`);
    const at = timestamp();
    const members = { host, project, version, commit, profile };
    return {
      fields: { at, user, from, step, args: [...argv], ...known(members) },
      folder: `${folder.replace(/\/+$/, "")}/.essay`,
      keep,
      lost: (reason) => warn(`${host}: the history of the host could not be kept: ${reason}`),
    };
  };
}

/** The deeds that a log tells of, line by line. */
export async function parseHistory(lines: readonly string[]): Promise<Deed[]> {
  const { wrongField } = await import("./base/schema.js");
  const isDeed = (value: unknown): value is Deed =>
    wrongField({ history: [value] }, ["history"]) === undefined;
  return jsonLines(lines, isDeed);
}
