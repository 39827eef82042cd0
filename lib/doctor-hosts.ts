// What a deploy needs of a host, looked at there, as findings of es-doctor.

import { Failure } from "./base/failure.js";
import type { RecordWith } from "./base/schema.js";
import type { Settings } from "./config/settings.js";
import { type Finding, findingsOf } from "./doctor/finding.js";
import { hostFindings, unreached, venvFindings } from "./doctor/host.js";
import { controlNginx, nginxFor } from "./host-nginx.js";
import { lookAtHost, venvsOf } from "./host-status.js";
import { prefixFor } from "./host-venv.js";
import type { Transport } from "./transport/contract.js";
import { type Circumstances, runScript } from "./transport/run-script.js";

export type HostRecord = RecordWith<
  "host" | "user" | "port" | "transport" | "become" | "prefix" | "project" | "roles"
>;

/** Seconds for each script. */
const limit = 20;

/** Looks at a host; whatever goes wrong is a finding. */
export async function examineHost(
  transport: Transport,
  settings: Settings,
  record: HostRecord,
  where: string,
  task: Circumstances,
): Promise<Finding[]> {
  const found: Finding[] = [];
  try {
    const isBalancer = record.roles?.includes(settings.config.values.nginx?.role ?? "nginx");
    const isNamed = settings.find("prefix", { record: record.prefix }) ?? settings.find("project");
    const prefix = isNamed === undefined ? "~" : prefixFor(settings, undefined, record);
    const from = Date.now();
    const told = await runScript(
      transport,
      record,
      { parts: ["doctor"], args: [prefix, "python3"], code: "doctor-failed" },
      task,
    );
    found.push(...hostFindings(where, told, from, Date.now()));
    // The home directory, which stands for a prefix that nobody names, has others' folders in it.
    if (isNamed !== undefined) {
      const looking = { prefix, project: settings.find("project"), last: 1, aim: "look" } as const;
      const status = await lookAtHost(transport, record, looking, task);
      found.push(...venvFindings(where, venvsOf(status)));
    }
    if (isBalancer) found.push(...(await nginxFindings(transport, settings, record, where, task)));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    found.push(unreached(where, error));
  }
  return found;
}

async function nginxFindings(
  transport: Transport,
  settings: Settings,
  record: HostRecord,
  where: string,
  task: Circumstances,
): Promise<Finding[]> {
  const { ok, note, wrong } = findingsOf(where);
  const nginx = nginxFor(settings, { bin: undefined, conf: undefined });
  try {
    const told = await controlNginx(transport, record, { ...nginx, verb: "test", limit }, task);
    const warnings = told.all("warning").map((text) => note("nginx", text, "man es-nginx"));
    return [ok("nginx", told.all("said").join(", ")), ...warnings];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [
      wrong(
        "nginx",
        `${error.code}: ${error.message}`,
        "nginx.bin and nginx.conf say which one is meant; man es-nginx",
      ),
    ];
  }
}
