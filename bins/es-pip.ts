#!/usr/bin/env node
// es-pip: installs exact versions into each host's virtualenv, and looks whether they are there afterwards.

import { normaliseName } from "../lib/base/distribution.js";
import { Failure, UsageError } from "../lib/base/failure.js";
import type { RecordWith } from "../lib/base/schema.js";
import { run } from "../lib/cli.js";
import { hostOptions } from "../lib/flags.js";
import { onHosts } from "../lib/host-step.js";
import { type PipIndex, pipIndex } from "../lib/index/pip.js";
import { eachRecord } from "../lib/step.js";
import { readOneRecord } from "../lib/stream/document.js";
import { runScript } from "../lib/transport/run-script.js";
import { normalVersion } from "../lib/version/pep440.js";
import { parseRequirement, type Requirement, requirementLine } from "../lib/version/requirement.js";

const command = {
  name: "es-pip",
  summary: "install exact versions into the virtualenv of each host",
  usage: ["NAME==VERSION...", "--release FILE"],
  operands: [0, 1000],
  options: {
    index: { value: "URL|NAME", help: "the package index, and no other" },
    release: { value: "FILE", help: "install the files of this release record, by hash" },
    ...hostOptions,
  },
} as const;

/** What is to be installed, the same on every host. */
interface Wanted {
  requirements: readonly Requirement[];
  /** The texts of requirements files, one for each run of pip. */
  runs: readonly string[];
  commit?: string;
  /** Where the release was uploaded to. */
  index?: string;
}

/** A distribution that a release record names, checked: what pip reads must be nothing else. */
async function distribution(file: string, name: string, version: string): Promise<Requirement> {
  try {
    return await parseRequirement(`${name}==${version}`);
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}

/** The files of a release, by hash; where it has no other's files, pip finds the dependencies itself. */
async function wantedRelease(file: string): Promise<Wanted> {
  const release = await readOneRecord(file, ["project", "version", "commit", "files", "index"]);
  const { project, version, commit, files = [], index } = release;
  if (project === undefined || version === undefined || files.length === 0)
    throw new UsageError(`${file} is no record of a built release: project, version or files are missing`);
  const main = await distribution(file, project, version);
  const keyOf = (one: Requirement) => `${normaliseName(one.project)} ${one.version}`;
  const all = new Map([[keyOf(main), { ...main, sha256: [] as string[] }]]);
  for (const one of files) {
    const named = await distribution(file, one.name, one.version);
    const entry = all.get(keyOf(named)) ?? { ...named, sha256: [] };
    entry.sha256.push(one.sha256);
    all.set(keyOf(named), entry);
  }
  const requirements = [...all.values()];
  if (requirements[0]?.sha256.length === 0)
    throw new UsageError(`${file} has no file of ${main.project} ${main.version}`);
  const byHash = requirements.map((one) => requirementLine(one.name, one.version, one.sha256)).join("\n");
  const complete = requirements.length > 1;
  return {
    requirements,
    runs: complete ? [byHash] : [byHash, requirementLine(main.name, main.version)],
    ...(commit !== undefined && { commit }),
    ...(index !== undefined && { index }),
  };
}

async function wantedVersions(args: readonly string[]): Promise<Wanted> {
  const requirements = await Promise.all(args.map(parseRequirement));
  const names = requirements.map(({ project }) => normaliseName(project));
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice !== undefined) throw new UsageError(`${twice} is asked for twice`);
  return {
    requirements,
    runs: [requirements.map(({ name, version }) => requirementLine(name, version)).join("\n")],
  };
}

/** The fields project and version: of the requirement that is the record's project, else of the first one. */
async function deployed(wanted: Wanted, record: RecordWith<"project" | "version" | "commit">) {
  const same =
    (name: string) =>
    ({ project }: Requirement) =>
      normaliseName(project) === normaliseName(name);
  const { project, version, commit } = record;
  const main = project === undefined ? wanted.requirements[0] : wanted.requirements.find(same(project));
  if (!main) return {};
  if (version !== undefined && (await normalVersion(version)) !== main.version)
    throw new Failure(
      "disagreement",
      `the record says ${main.project} ${version}, es-pip is told ${main.version}`,
    );
  if (commit !== undefined && wanted.commit !== undefined && commit !== wanted.commit)
    throw new Failure("disagreement", `the record says commit ${commit}, the release says ${wanted.commit}`);
  return {
    project: project ?? main.project,
    version: main.version,
    ...(wanted.commit && { commit: wanted.commit }),
  };
}

/** pip's "no such version" in words that name the index and what it has. */
function explained(error: unknown, index: PipIndex): unknown {
  if (!(error instanceof Failure) || error.code !== "version-not-found") return error;
  const [requirement = "", versions = "none"] = error.message.split("\t");
  const latest = versions.split(", ").at(-1);
  const has = versions === "none" ? "it has none" : `latest is ${latest}`;
  return new Failure(
    error.code,
    `no ${requirement.replace(/===?/, " ")} on ${index.url} (${has})`,
    error.details,
  );
}

await run(command, async ({ args, flags, context }) => {
  if ((args.length === 0) === (flags.release === undefined))
    throw new UsageError("say what to install: NAME==VERSION, or --release FILE");
  const wanted =
    flags.release === undefined ? await wantedVersions(args) : await wantedRelease(flags.release);
  return onHosts(context, flags, async ({ settings, transport }) => {
    // A mistake on the command line is told before any host is touched.
    if (flags.index !== undefined) settings.indexUrl("index", { flag: flags.index });
    const indexes = new Map<string, Promise<PipIndex>>();
    const indexFor = (record: string | undefined): Promise<PipIndex> => {
      const url = settings.indexUrl("index", { flag: flags.index ?? wanted.index, record });
      const known = indexes.get(url) ?? pipIndex(url);
      if (!indexes.has(url))
        known.then(
          (index) => index.trusted && context.warn(`${index.url} is plain http: pip is told to trust it`),
        );
      indexes.set(url, known);
      return known;
    };
    return eachRecord(context, {
      reads: [
        "host",
        "user",
        "port",
        "transport",
        "become",
        "venv",
        "project",
        "version",
        "commit",
        "index",
        "installed",
      ],
      work: async (record, task) => {
        const { venv } = record;
        if (!venv) throw new Failure("no-venv", "the record has no field venv: run es-venv before es-pip");
        const fields = await deployed(wanted, record);
        const index = await indexFor(record.index);
        const looked = wanted.requirements.flatMap(({ project, version }) => [project, version]);
        const args = [
          venv.path,
          index.netrc ?? "-",
          String(wanted.runs.length),
          ...wanted.runs,
          String(wanted.requirements.length),
          ...looked,
          ...index.flags,
        ];
        const results = await runScript(
          transport,
          record,
          { parts: ["state", "pip"], args, code: "pip-failed" },
          task,
        ).catch((error: unknown) => Promise.reject(explained(error, index)));
        const changes = results.all("change");
        const installed = Object.fromEntries(
          (results.get("installed") ?? "")
            .split("\n")
            .filter(Boolean)
            .map((line) => line.split("\t")),
        );
        return {
          fields: { ...fields, installed: { ...record.installed, ...installed } },
          changed: changes.length > 0,
          said:
            changes.length > 0
              ? changes.join(", ")
              : `${wanted.requirements.map((r) => `${r.project} ${r.version}`).join(", ")} already there`,
        };
      },
    });
  });
});
