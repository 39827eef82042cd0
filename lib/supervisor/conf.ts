// Reading a rendered supervisord.conf: what must be right before a running supervisord is stopped for it, and
// the ports of its processes. The form is that of supervisord's own parser (Python's RawConfigParser).

import { Failure } from "../base/failure.js";

/** Options by section; names of options are in lower case. */
export type Conf = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The text of a configuration as sections and options. What is in no section is left out. */
export function parseConf(text: string): Conf {
  const conf = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let option: string | undefined;
  for (const whole of text.split(/\r?\n/)) {
    const line = whole.replace(/(^|\s)[;#].*$/, "").trimEnd();
    const heading = /^\[([^\]]+)\]/.exec(line)?.[1];
    const [, name, value] = /^([^\s:=][^:=]*)[:=]\s*(.*)$/.exec(line) ?? [];
    if (heading !== undefined) {
      section = conf.get(heading) ?? new Map();
      conf.set(heading, section);
      option = undefined;
    } else if (/^\s/.test(line) && section && option !== undefined) {
      section.set(option, `${section.get(option)}\n${line.trim()}`);
    } else if (name !== undefined && section) {
      option = name.trimEnd().toLowerCase();
      section.set(option, value ?? "");
    }
  }
  return conf;
}

// supervisord first binds SOCKET.PID, and an address of a socket has 107 bytes (unix(7)); pids have 7 digits.
const longestSocket = 107 - ".1234567".length;

/** The programs of the group `live`, which are to run on the served side only. One of this name is such a group, too. */
function livePrograms(conf: Conf): string[] {
  const listed = conf.get("group:live")?.get("programs");
  if (listed !== undefined) return listed.split(/[\s,]+/).filter((name) => conf.has(`program:${name}`));
  return conf.has("program:live") ? ["live"] : [];
}

/**
 * Refuses what supervisord would only stumble over when the old one is down already. `folder` is that of the
 * configuration, for %(here)s. Throws Failure "conf-failed".
 */
export function checkConf(conf: Conf, folder: string): void {
  const refuse = (sentence: string): never => {
    throw new Failure("conf-failed", sentence);
  };
  for (const name of ["supervisord", "supervisorctl", "rpcinterface:supervisor"])
    if (!conf.has(name)) refuse(`the template has no section [${name}], which supervisorctl needs`);
  const server = conf.get("unix_http_server");
  if (!server && !conf.has("inet_http_server"))
    refuse("the template has no section [unix_http_server], which supervisorctl needs");
  if (![...conf.keys()].some((name) => /^(fcgi-)?program:|^include$/.test(name)))
    refuse("the template has no section [program:NAME]: there is nothing to run");
  for (const name of livePrograms(conf))
    if (!/^(false|no|off|0)$/i.test(conf.get(`program:${name}`)?.get("autostart") ?? ""))
      refuse(
        `the program ${name} of the group live needs autostart=false: activate starts it, and up must not`,
      );
  if (/^(true|yes|on|1)$/i.test(conf.get("supervisord")?.get("nodaemon") ?? ""))
    refuse("the template says nodaemon=true: supervisord must be a daemon here");
  const socket = (server?.get("file") ?? "").replaceAll("%(here)s", folder).replaceAll("%%", "%");
  const length = Buffer.byteLength(socket);
  if (length > longestSocket && !socket.includes("%("))
    refuse(
      `the socket's path ${socket} has ${length} bytes, more than ${longestSocket}: use a shorter prefix`,
    );
}

/** Processes of one program, each of which has a port: there are no more ports. */
const mostProcesses = 65_535;

/** A process of a configuration that listens on a port. */
export interface PortOf {
  /** The process's name, without its group. */
  name: string;
  port: number;
}

function expanded(text: string, program: string, number: number): string {
  return text.replace(/%\((\w+)\)(0?\d*)([ds])/g, (whole, name: string, width: string) => {
    if (name === "program_name" || name === "group_name") return program;
    if (name !== "process_num") return whole;
    return String(number).padStart(Number(width), width.startsWith("0") ? "0" : " ");
  });
}

/** The number in a text that begins with the prefix, as in --port=8801; undefined where there is none. */
function portIn(text: string, prefix: string): number | undefined {
  const found = new RegExp(`(?<![\\d.])${prefix}\\d*(?![\\w.-])`).exec(text)?.[0];
  return found === undefined ? undefined : Number(found);
}

/**
 * The ports of all processes: the number in a program's command or environment that begins with the prefix.
 * Throws Failure "conf-failed" for ports that are none, or that leave the prefix: ports are text, and the
 * prefix 880 with process 10 gives 88010.
 */
export function portsOf(conf: Conf, prefix: string): PortOf[] {
  const ports: PortOf[] = [];
  for (const [section, options] of conf) {
    const program = /^(?:fcgi-)?program:(.*)$/.exec(section)?.[1]?.trim();
    if (program === undefined) continue;
    const text = `${options.get("command") ?? ""}\n${options.get("environment") ?? ""}`;
    const first = Number(options.get("numprocs_start") ?? 0);
    const count = Number(options.get("numprocs") ?? 1);
    if (count > mostProcesses)
      throw new Failure("conf-failed", `${count} processes of ${program} are more than ${mostProcesses}`);
    const own: PortOf[] = [];
    for (let number = first; number < first + count; number++) {
      const port = portIn(expanded(text, program, number), prefix);
      if (port === undefined) continue;
      const name = expanded(options.get("process_name") ?? "%(program_name)s", program, number);
      if (port > 65535 || String(port).length !== String(own[0]?.port ?? port).length)
        throw new Failure(
          "conf-failed",
          `${count} processes of ${program} need more ports than ${prefix} has: they would be ${[...own.map((one) => one.port), port].join(", ")}`,
        );
      own.push({ name, port });
    }
    ports.push(...own);
  }
  return ports;
}
