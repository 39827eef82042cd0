#!/usr/bin/env node
// es-hosts: roles and hosts become host records.

import { normaliseName } from "../lib/base/distribution.js";
import { Failure, UsageError } from "../lib/base/failure.js";
import type { Json, JsonObject } from "../lib/base/json.js";
import { run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { wholeNumber } from "../lib/flags.js";
import { type Asked, type Host, selectHosts } from "../lib/hosts/inventory.js";
import { hostsOfList } from "../lib/hosts/list.js";
import { narrow } from "../lib/hosts/narrow.js";
import { produce } from "../lib/step.js";
import { newBatch } from "../lib/stream/batches.js";
import { awaitOneRecord, readOneRecord } from "../lib/stream/document.js";
import { checkPrefix } from "../lib/venv/name.js";

const command = {
  name: "es-hosts",
  summary: "make a record for each host of a role, or of a list",
  usage: ["[ROLE|HOST]... [-H HOST]... [--release FILE|-]", "-"],
  operands: [0, 10_000],
  options: {
    host: { short: "H", value: "HOST", many: true, help: "a host whose name could be a role's" },
    limit: { value: "NAME", many: true, help: "only these hosts: names, patterns or roles" },
    exclude: { value: "NAME", many: true, help: "not these hosts: names, patterns or roles" },
    user: { value: "NAME", help: "log in as NAME" },
    port: { value: "N", help: "the port of sshd" },
    prefix: { value: "DIR", help: "where virtualenvs are on the host" },
    bind: { value: "ADDRESS", help: "what processes listen on; {host} stands for the host" },
    become: { value: "ACCOUNT", help: "work on hosts as ACCOUNT, by sudo -n -u" },
    profile: { value: "NAME", help: "what the processes are started with" },
    release: {
      value: "FILE|-",
      help: "deploy the release of this record, or of the one that es-upload writes into the pipeline",
    },
    set: { value: "K=V", many: true, help: "a variable for templates" },
  },
} as const;

function variables(pairs: readonly string[]): Record<string, string> {
  const found = new Map<string, string>();
  for (const pair of pairs) {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined)
      throw new UsageError(`--set takes NAME=VALUE, not ${pair}`);
    if (found.has(name)) throw new UsageError(`--set ${name} is given twice`);
    found.set(name, value);
  }
  return Object.fromEntries(found);
}

async function listed(): Promise<Asked[]> {
  const { default: getStdin } = await import("get-stdin");
  return hostsOfList(await getStdin());
}

async function asked(args: readonly string[], hosts: readonly string[]): Promise<Asked[]> {
  if (args.length + hosts.length === 0) throw new UsageError("no role and no host is given");
  if (args.filter((word) => word === "-").length > 1) throw new UsageError("- is given twice");
  return [
    ...args.filter((word) => word !== "-").map((word) => ({ word })),
    ...hosts.map((word) => ({ word, host: true as const })),
    ...(args.includes("-") ? await listed() : []),
  ];
}

/** What the record of a release says of what is to be deployed. Throws UsageError and Failure. */
async function released(file: string, project: string | undefined) {
  const reads = ["project", "version", "commit", "files", "index", "plan"] as const;
  const release = await (file === "-" ? awaitOneRecord(process.stdin, reads) : readOneRecord(file, reads));
  if (release.project === undefined || release.version === undefined)
    throw new UsageError(`${file === "-" ? "standard input" : file} is no record of a release`);
  if (project !== undefined && normaliseName(project) !== normaliseName(release.project))
    throw new Failure("disagreement", `the release is one of ${release.project}, the project is ${project}`);
  return release;
}

/** Fields in the order in which es-record(5) names them; what is not said is left out. */
function record(host: Host, common: Record<string, Json | undefined>, batch: JsonObject): JsonObject {
  const { roles, vars, prefix, bind, become, index, ...address } = host;
  const said = { ...address, roles, vars, prefix, bind, become, index, ...common, batch };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as JsonObject;
}

run(command, async ({ args, flags, context }) => {
  const settings = new Settings(await loadConfig(context));
  const { user, prefix, bind, become } = flags;
  if (flags.release === "-" && args.includes("-"))
    throw new UsageError("the hosts and the release cannot both come on standard input");
  const all = selectHosts(await asked(args, flags.host), settings.config.values.roles ?? {}, {
    ...(user !== undefined && { user }),
    ...(flags.port !== undefined && { port: wholeNumber("--port", flags.port, 1, 65535) }),
    ...(prefix !== undefined && { prefix: checkPrefix(prefix) }),
    ...(bind !== undefined && { bind }),
    ...(become !== undefined && { become }),
    vars: variables(flags.set),
  });
  const hosts = narrow(all, flags.limit, flags.exclude);
  const batch = newBatch(hosts.length);
  const project = settings.find("project");
  const release = flags.release === undefined ? {} : await released(flags.release, project);
  const { version, commit, files, index, plan } = release;
  const common = {
    project: project ?? release.project,
    version,
    commit,
    profile: settings.find("profile", { flag: flags.profile }),
    plan: context.dryRun || plan === true ? true : undefined,
    files: files?.map((file) => ({ ...file })),
  };
  const otherwise = settings.find("prefix");
  return produce(
    context,
    hosts.map((host) =>
      record(
        {
          ...(otherwise !== undefined && { prefix: otherwise }),
          ...(index !== undefined && { index }),
          ...host,
        },
        common,
        batch,
      ),
    ),
    all.length > 0 ? "--exclude leaves no host" : "the list names no host",
  );
});
