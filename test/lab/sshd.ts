// Real SSH hosts on loopback: one sshd answers on many addresses, and each address is a host with a user, a
// home and a prefix of its own. Needs root, as it makes users.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { entryName } from "../../lib/transport/known-hosts.js";
import { alone, claim, usersOf } from "./claim.js";
import type { Machine } from "./network.js";
import { accepts, freePort } from "./ports.js";
import { descendants, identity, kill, until } from "./processes.js";

export interface SshdOptions {
  /** How many hosts. */
  hosts: number;
  /** Login shell of each host's user; where the list is short, /bin/sh. */
  shells?: readonly string[];
  /** Hosts (by place, from 0) whose key in known_hosts is another one: "host-key-changed". */
  wrongKey?: readonly number[];
  /** Hosts that are not in known_hosts. */
  unknownKey?: readonly number[];
  /** Hosts where nobody listens: connections are refused. */
  refusing?: readonly number[];
  /** sshd's MaxStartups: connections under way, "5" or "2:50:10" (200). */
  maxStartups?: string;
  /** sshd's MaxSessions: sessions in one connection (10). */
  maxSessions?: number;
  /** Makes one more user, to whom the hosts' users may become with sudo -n: `lab.app`. */
  become?: boolean;
  /** More lines for sshd_config; they count before ours. */
  config?: readonly string[];
  /** Lines of sshd_config for one host. */
  configOf?: (host: LabHost) => readonly string[];
  /** What goes before sshd, to start it and all that it starts in a namespace. */
  enter?: readonly string[];
  /** A machine with an address for each host, 192.0.2.2 and so on, instead of this one: sshd listens there on port 22. */
  machine?: Machine;
}

export interface LabUser {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

export interface LabHost {
  /** As an inventory names it: user@address:port. */
  entry: string;
  address: string;
  port: number;
  user: string;
  uid: number;
  gid: number;
  home: string;
  /** HOME/essay_demo; not made yet. */
  prefix: string;
}

export interface SshLab {
  directory: string;
  port: number;
  hosts: LabHost[];
  /** `entry` of every host. */
  inventory: string[];
  /** File for ssh -F: port, identity, known hosts. */
  sshConfig: string;
  knownHosts: string;
  /** The client's private key, without a passphrase. */
  identityFile: string;
  /** sshd's messages, for a test that fails. */
  log(): string;
  /** The user that `become` asked for. */
  app: LabUser | undefined;
  /** Ends sshd, its connections, and every process of the lab's users; takes the lab's files away. */
  stop(): Promise<void>;
}

// sshd's own limit on listening sockets.
export const addressesOfOne = 16;

export function makeKey(file: string): string {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "essay lab", "-f", file]);
  return readFileSync(`${file}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
}

/** Makes a user, or takes the one that an earlier lab made, and an empty home for it. */
export function makeUser(number: number, name: string, home: string, shell: string): LabUser {
  const known = usersOf(number).find((user) => user.name === name);
  // "*": no password fits, and yet the account is not locked, which sshd would refuse.
  if (!known) execFileSync("useradd", ["-M", "-d", home, "-s", shell, "-p", "*", name]);
  else if (known.shell !== shell) execFileSync("usermod", ["-s", shell, name]);
  const user = known ?? usersOf(number).find((made) => made.name === name);
  if (!user) throw new Error(`no user ${name} after useradd`);
  mkdirSync(home, { mode: 0o700, recursive: true });
  execFileSync("chown", [`${user.uid}:${user.gid}`, home]);
  return { name, uid: user.uid, gid: user.gid, home };
}

function allowBecoming(number: number, app: LabUser): void {
  const file = `/etc/sudoers.d/essay-lab-${number}`;
  const names = usersOf(number).map(({ name }) => name);
  writeFileSync(file, `${names.join(",")} ALL=(${app.name}) NOPASSWD: ALL\n`, { mode: 0o440 });
  execFileSync("visudo", ["-cqf", file]);
}

/** Starts one sshd on up to 16 addresses. It ends with this process at the latest. */
export async function startOne(
  directory: string,
  name: string,
  lines: readonly string[],
  enter: readonly string[] = [],
): Promise<() => Promise<void>> {
  const config = join(directory, `sshd_config-${name}`);
  writeFileSync(config, `${lines.join("\n")}\n`);
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const daemon = ["/usr/sbin/sshd", "-D", "-f", config, "-E", join(directory, "sshd.log")];
  const [program = "", ...args] = [...enter, "setpriv", "--pdeathsig", "TERM", ...daemon];
  const child = spawn(program, args, { stdio: "inherit" });
  await once(child, "spawn");
  return async () => {
    const all = [child.pid as number, ...descendants(child.pid as number)];
    kill(all);
    await until("the end of sshd", () => all.every((pid) => identity(pid) === undefined));
  };
}

/** What every sshd of the lab is told. */
export const alike: readonly string[] = [
  "PidFile none",
  "UsePAM no",
  "UseDNS no",
  // The lab lives under /tmp, where everybody may write.
  "StrictModes no",
  "PermitRootLogin no",
  "PasswordAuthentication no",
  "KbdInteractiveAuthentication no",
  "PrintMotd no",
];

/** Starts hosts. Several labs can live at once: each has addresses, users and a directory of its own. */
export async function startSshd(options: SshdOptions): Promise<SshLab> {
  if (process.getuid?.() !== 0) throw new Error("this lab makes users: run its tests as root");
  const { number, directory, release } = await claim();
  const path = (name: string) => join(directory, name);
  const places = Array.from({ length: options.hosts }, (_, place) => place);
  const { machine } = options;
  const addressOf = (place: number) => `${machine ? "192.0.2" : `127.0.${number}`}.${place + 2}`;
  const port = machine ? 22 : await freePort(addressOf(0));

  mkdirSync(path("keys"), { mode: 0o700 });
  mkdirSync(path("home"), { mode: 0o755 });
  mkdirSync(path("authorized"), { mode: 0o755 });
  const hostKey = makeKey(path("keys/host"));
  const otherKey = makeKey(path("keys/other"));
  const clientKey = makeKey(path("keys/client"));

  const { hosts, app } = await alone(() => {
    const made = places.map((place): LabHost => {
      const name = `essay-lab-${number}-${place + 1}`;
      const user = makeUser(number, name, path(`home/${place + 1}`), options.shells?.[place] ?? "/bin/sh");
      writeFileSync(path(`authorized/${addressOf(place)}`), `${clientKey}\n`, { mode: 0o644 });
      const address = addressOf(place);
      return {
        entry: `${name}@${address}:${port}`,
        address,
        port,
        user: name,
        uid: user.uid,
        gid: user.gid,
        home: user.home,
        prefix: join(user.home, "essay_demo"),
      };
    });
    if (!options.become) return { hosts: made, app: undefined };
    const user = makeUser(number, `essay-lab-${number}-app`, path("home/app"), "/bin/sh");
    allowBecoming(number, user);
    return { hosts: made, app: user };
  });

  const keyOf = (place: number) => (options.wrongKey?.includes(place) ? otherKey : hostKey);
  const known = places.filter((place) => !options.unknownKey?.includes(place));
  writeFileSync(
    path("known_hosts"),
    known.map((place) => `${entryName(addressOf(place), port)} ${keyOf(place)}\n`).join(""),
  );
  writeFileSync(
    path("ssh_config"),
    `Port ${port}
IdentityFile ${path("keys/client")}
IdentitiesOnly yes
UserKnownHostsFile ${path("known_hosts")}
GlobalKnownHostsFile /dev/null
`,
  );

  const answering = hosts.filter((_, place) => !options.refusing?.includes(place));
  const stops: (() => Promise<void>)[] = [];
  for (let first = 0; first < answering.length; first += addressesOfOne) {
    const part = answering.slice(first, first + addressesOfOne);
    const lines = [
      // First, as the first value of a setting counts.
      ...(options.config ?? []),
      `Port ${port}`,
      ...part.map(({ address }) => `ListenAddress ${address}`),
      `HostKey ${path("keys/host")}`,
      ...alike,
      "LogLevel VERBOSE",
      `MaxStartups ${options.maxStartups ?? "200"}`,
      `MaxSessions ${options.maxSessions ?? 10}`,
      ...part.flatMap((host) => [
        `Match LocalAddress ${host.address}`,
        `  AllowUsers ${host.user}`,
        `  AuthorizedKeysFile ${path(`authorized/${host.address}`)}`,
        ...(options.configOf?.(host) ?? []),
      ]),
    ];
    stops.push(await startOne(directory, String(first), lines, options.enter ?? machine?.enter));
  }
  const log = () => (existsSync(path("sshd.log")) ? readFileSync(path("sshd.log"), "utf8") : "");
  const stop = async () => {
    for (const one of stops) await one();
    release();
  };
  try {
    for (const { address } of answering)
      await until(
        `sshd on ${address}:${port}`,
        // From here nobody gets to another machine.
        () => (machine ? log().includes(`listening on ${address} port`) : accepts(address, port)),
      );
  } catch (error) {
    process.stderr.write(log());
    await stop();
    throw error;
  }
  return {
    directory,
    port,
    hosts,
    inventory: hosts.map(({ entry }) => entry),
    sshConfig: path("ssh_config"),
    knownHosts: path("known_hosts"),
    identityFile: path("keys/client"),
    log,
    app,
    stop,
  };
}
