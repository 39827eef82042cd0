// What lib/remote/doctor.sh tells of a host, and why a host is not reached, as findings.

import { printable } from "../base/printable.js";
import type { VenvStatus } from "../base/schema.js";
import { type Finding, findingsOf } from "./finding.js";
import { isOldPython } from "./machine.js";

/** What a script said, by name. */
interface Told {
  all(name: string): readonly string[];
  get(name: string): string | undefined;
}

/** Seconds by which clocks may differ. */
const tolerance = 30;
/** Kilobytes that a virtualenv of some size takes. */
const roomWanted = 512 * 1024;
const roomNeeded = 64 * 1024;

/** What to do about codes that tell why a host is not reached. */
const ways: Record<string, string> = {
  unresolved: "is the name right? ssh finds it by DNS, by /etc/hosts, or by HostName in ~/.ssh/config",
  unreachable: "is there a way to it: a VPN, a route, ProxyJump in ~/.ssh/config?",
  refused: "does sshd run there, and at this port?",
  timeout: "does it run, and does no firewall drop what is sent to this port?",
  "host-key-unknown": "compare the fingerprint with the host's, and have a step learn it: --accept-new",
  "host-key-changed": "where the host was set up anew: ssh-keygen -R HOST; otherwise somebody is in between",
  "auth-failed":
    "ssh-copy-id HOST takes your key there; IdentityFile of ssh and the role's user say which ones count",
  "become-failed": "let the account that logs in run sudo without a password as the other one (man sudoers)",
};

/** Why a host could not be looked at. */
export function unreached(where: string, { code, message }: { code: string; message: string }): Finding {
  const advice = Object.hasOwn(ways, code) ? ways[code] : undefined;
  return findingsOf(where).wrong("reach", `${code}: ${message}`, advice ?? `man es-record tells of ${code}`);
}

/** How far the host's clock is off, in seconds, when it was read between two moments of ours (milliseconds). */
export function skew(theirs: number, from: number, to: number): number {
  if (theirs < Math.floor(from / 1000)) return theirs - Math.floor(from / 1000);
  return Math.max(0, theirs - Math.ceil(to / 1000));
}

function clock(where: string, seconds: number): Finding {
  const { ok, wrong } = findingsOf(where);
  if (Math.abs(seconds) <= tolerance) return ok("clock", "as here");
  const found = `${Math.abs(seconds)} s ${seconds < 0 ? "behind" : "ahead of"} this machine`;
  return wrong("clock", found, "set both by NTP (timedatectl): logs, histories and certificates go by it");
}

function disk(where: string, check: string, place: string, kilobytes: string | undefined): Finding[] {
  const { ok, note, wrong } = findingsOf(where);
  const free = Number(kilobytes);
  if (kilobytes === undefined || !Number.isFinite(free)) return [];
  const found = `${Math.floor(free / 1024)} MB free for ${place}`;
  const advice = "make room: es-venv --remove takes old virtualenvs away";
  if (free < roomNeeded) return [wrong(check, found, advice)];
  return [free < roomWanted ? note(check, found, advice) : ok(check, found)];
}

function python(where: string, told: Told): Finding {
  const { ok, wrong } = findingsOf(where);
  const [, version = "", venv, path] = /^(\S+)(?: (\d) (.*))?$/.exec(told.get("python") ?? "") ?? [];
  const advice = "install Python 3.8 or later there, or name another one: es-venv --python";
  if (version === "" || version === "-") return wrong("python", "there is no python3", advice);
  if (isOldPython(version)) return wrong("python", `${version} (${path}) is too old`, advice);
  if (venv !== "1")
    return wrong(
      "venv",
      `${path} cannot make virtualenvs: it has no module venv`,
      "install python3-venv there",
    );
  return ok("python", `${version} (${path}), with venv`);
}

function prefix(where: string, told: Told): Finding {
  const { ok, wrong } = findingsOf(where);
  const path = told.get("prefix") ?? "";
  const account = told.get("account") ?? "";
  switch (told.get("prefix-state")) {
    case "there":
      return ok("prefix", `${path}, ${account} can write there`);
    case "to-be-made":
      return ok("prefix", `${path} is not there yet, and ${account} can make it`);
    case "no-directory":
      return wrong(
        "prefix",
        `${path} is, or is below, what is no directory`,
        "name another one: deploy.prefix",
      );
    default:
      return wrong(
        "prefix",
        `${account} cannot write in ${path}`,
        `chown it to ${account}, or name another account: become, user`,
      );
  }
}

/** Findings from what the script told between two moments of ours (milliseconds). */
export function hostFindings(where: string, told: Told, from: number, to: number): Finding[] {
  const { note } = findingsOf(where);
  const place = told.get("prefix") ?? "";
  return [
    findingsOf(where).ok("reach", `as ${told.get("account")}`),
    clock(where, skew(Number(told.get("time")), from, to)),
    python(where, told),
    prefix(where, told),
    ...disk(where, "disk", place, told.get("free")),
    ...disk(where, "tmp", told.get("tmp") ?? "/tmp", told.get("tmp-free")),
    ...told
      .all("pip-conf")
      .map((file) =>
        note(
          "pip.conf",
          `${file} is there`,
          "programs of essay do not heed it; a pip that is run by hand there does",
        ),
      ),
  ];
}

/** What is wrong with virtualenvs and their supervisord, or that nothing is. */
export function venvFindings(where: string, venvs: readonly VenvStatus[]): Finding[] {
  const { ok, note, wrong } = findingsOf(where);
  const found = venvs.flatMap(({ name, state, marks, held, supervisor, processes, strays }) => {
    const bad: Finding[] = [];
    if (state === "broken") bad.push(wrong("venv", `${name} is broken`, `es-venv ${name} mends it`));
    if (state === "marked" && held === undefined)
      bad.push(
        wrong(
          "venv",
          `a change of ${name} was cut short: ${marks.join(", ")}`,
          "run what changed it again, which mends it",
        ),
      );
    if (held !== undefined)
      bad.push(note("venv", `${name} is being changed: ${held}`, "wait, or look who that is"));
    if (supervisor === "silent")
      bad.push(
        wrong("supervisor", `the supervisord of ${name} does not answer`, "es-supervisor up starts it anew"),
      );
    const down = processes.filter((one) => ["FATAL", "BACKOFF", "UNKNOWN"].includes(one.state));
    if (down.length > 0)
      bad.push(
        wrong(
          "supervisor",
          `${name}: ${down.map((one) => `${printable(one.name)} is ${one.state}`).join(", ")}`,
          `es-supervisor tail PROCESS ${name} shows why`,
        ),
      );
    if (strays.length > 0)
      bad.push(
        wrong(
          "supervisor",
          `${name} has ${strays.length} processes that no supervisord knows`,
          `es-status ${name} --end-strays`,
        ),
      );
    return bad;
  });
  if (found.length > 0) return found;
  const names = venvs.map(
    ({ name, supervisor }) => `${name}${supervisor === "running" ? ", supervised" : ""}`,
  );
  return [ok("venvs", names.join("; ") || "none yet")];
}
