#!/usr/bin/env node
// es-pip: installs exact versions into each host's virtualenv, and looks whether they are there afterwards.

import { Failure, UsageError } from "../lib/base/failure.js";
import { noting } from "../lib/base/note.js";
import { run } from "../lib/cli.js";
import type { Said } from "../lib/config/settings.js";
import { type Flags, hostOptions, liveOption } from "../lib/flags.js";
import { onHosts } from "../lib/host-step.js";
import { plannedVenv, refuseLive } from "../lib/host-venv.js";
import { Listing } from "../lib/index/listed.js";
import { pipIndexes } from "../lib/index/pip.js";
import { changeByPip } from "../lib/pip-install.js";
import * as pip from "../lib/pip-wanted.js";
import { eachRecord } from "../lib/step.js";
import { labelOf } from "../lib/stream/table.js";

const command = {
  name: "es-pip",
  summary: "install exact versions into the virtualenv of each host",
  usage: [
    "NAME==VERSION|NAME@latest... [-r FILE]...",
    "[--release FILE [NAME==VERSION]] [--push]",
    "--uninstall NAME...",
  ],
  operands: [0, 1000],
  options: {
    index: { value: "URL|NAME", help: "the package index, and no other" },
    release: {
      value: "FILE",
      help: "install the files of the release record in FILE, by hash; otherwise of the one that es-hosts was told",
    },
    push: { help: "send the release's files to the host, which then asks no index" },
    requirement: {
      short: "r",
      value: "FILE",
      many: true,
      help: "what the lines of this requirements file name",
    },
    constraint: {
      short: "c",
      value: "FILE",
      many: true,
      help: "only versions that this constraints file allows",
    },
    upgrade: { help: "newer versions, too, where the requirements allow several" },
    "no-deps": { help: "without what the distributions need" },
    uninstall: { help: "remove what is named" },
    ...liveOption,
    ...hostOptions,
  },
} as const;

type Given = Flags<typeof command.options>;

/** Where what is to be installed is said: the record does where the command line does not. */
function sourceOf(args: readonly string[], flags: Given): "command line" | "release" | "record" {
  if (flags.release !== undefined) return "release";
  return args.length + flags.requirement.length > 0 ? "command line" : "record";
}

/** Refuses flags that do not go together. */
function checkCall(args: readonly string[], flags: Given): void {
  const given = Object.entries(flags).flatMap(([name, value]) =>
    value === undefined || value === false || (Array.isArray(value) && value.length === 0) ? [] : [name],
  );
  const refuse = (flag: string, ...others: string[]) => {
    const other = given.includes(flag) && given.find((name) => others.includes(name));
    if (other) throw new UsageError(`--${flag} does not go with --${other}`);
  };
  refuse("uninstall", "release", "push", "requirement", "constraint", "upgrade", "no-deps", "index");
  refuse("release", "requirement", "constraint", "upgrade");
  refuse("push", "index", "requirement");
  const source = sourceOf(args, flags);
  if (args.length > 1 && source === "release")
    throw new UsageError("--release installs one release: one NAME==VERSION says which one of FILE");
  if (source === "command line" && flags.push)
    throw new UsageError("--push sends the files of --release FILE");
  if (source !== "record") return;
  if (flags.uninstall) throw new UsageError("--uninstall takes the names of distributions");
  for (const flag of ["constraint", "upgrade"])
    if (given.includes(flag)) throw new UsageError(`--${flag} goes with NAME==VERSION or -r FILE`);
}

run(command, async ({ args, flags, context }) => {
  checkCall(args, flags);
  const source = sourceOf(args, flags);
  const files = { requirements: flags.requirement, constraints: flags.constraint };
  const wantedBy = async (latest: (project: string) => Promise<string>): Promise<pip.Wanted> => {
    if (flags.uninstall) return pip.unwanted(args);
    if (flags.release === undefined) return pip.wantedVersions(args, files, context.warn, latest);
    return pip.wantedRelease(flags.release, context.warn, args[0]);
  };
  // A mistake on the command line is told before any host is touched.
  const asksIndex = !flags.uninstall && args.some(pip.isLatest);
  const known = source === "record" || asksIndex ? undefined : await wantedBy(async () => "");
  const verb = flags.uninstall ? "uninstall" : flags.upgrade ? "upgrade" : "install";
  return onHosts(context, flags, async ({ settings, transport }) => {
    if (flags.index !== undefined) settings.accessFromHosts({ flag: flags.index });
    const lookUp = pipIndexes(context.warn);
    const indexless = flags.push || flags.uninstall;
    const listings = new Map<string, Listing>();
    /** An index as it is seen from here. */
    const listingOf = (said: Said) => {
      const access = settings.access("index", said);
      const listing = listings.get(access.url) ?? new Listing(access, context.interrupt.signal);
      listings.set(access.url, listing);
      return listing;
    };
    const wantedOf = pip.wantedOfEach(context.warn);
    const resolved = new Map<Listing, Promise<pip.Wanted>>();
    const wantedFrom = (listing: Listing) => {
      const wanted = resolved.get(listing) ?? wantedBy((project) => pip.latestOn(listing, project));
      resolved.set(listing, wanted);
      return wanted;
    };
    return eachRecord(context, {
      reads: [
        "plan",
        "trace",
        "host",
        "live",
        "user",
        "port",
        "transport",
        "become",
        "venv",
        "project",
        "version",
        "commit",
        "files",
        "index",
        "installed",
      ],
      work: async (record, task) => {
        const { venv } = record;
        if (!venv) throw new Failure("no-venv", "the record has no field venv: run es-venv before es-pip");
        refuseLive(venv.name, record, flags.live);
        const said = { flag: flags.index ?? known?.index, record: record.index };
        const wanted =
          source === "record"
            ? await wantedOf(record, labelOf(record))
            : (known ?? (await wantedFrom(listingOf(said))));
        if (flags.push && wanted.files === undefined)
          throw new Failure("no-files", "--push sends the files of a release, and the record has none");
        const fields = flags.uninstall ? {} : await pip.deployed(wanted, record);
        const change = {
          venv: venv.path,
          verb,
          ahead: plannedVenv(record),
          wanted,
          index: indexless ? undefined : await lookUp(settings.accessFromHosts(said)),
          alone: flags["no-deps"],
        } as const;
        const { changes, yanked, installed } = await changeByPip(
          transport,
          record,
          change,
          noting(task, fields),
        );
        // The release that the record names without its files may be one that the same dry run would build.
        const isBuilt = source !== "record" || wanted.files !== undefined;
        if (task.plan && isBuilt && change.index && changes.length > 0)
          await pip.refuseAbsent(listingOf(said), wanted);
        const before = Object.entries(record.installed ?? {}).filter(
          ([name]) => !flags.uninstall || !pip.names(wanted, name),
        );
        const version = fields.version ?? installed[fields.project ?? ""];
        const notes = yanked.map((what) => `; ${what} is yanked`).join("");
        return {
          fields: {
            ...fields,
            ...(version !== undefined && { version }),
            installed: { ...Object.fromEntries(before), ...installed },
          },
          changed: changes.length > 0,
          said: changes.length > 0 ? `${changes.join(", ")}${notes}` : pip.unchanged(wanted, installed, verb),
        };
      },
    });
  });
});
