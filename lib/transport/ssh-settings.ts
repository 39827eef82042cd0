// How ssh itself would reach a host: what `ssh -G` says (ssh_config(5)), in the form that ssh2 needs.

import { createHash } from "node:crypto";
import { hostname as localHostname, userInfo } from "node:os";
import { Failure } from "../base/failure.js";
import type { Target } from "./contract.js";
import { SshQuery, type Values } from "./ssh-query.js";

/** Settings for one host. Times are in milliseconds, paths absolute. */
export interface SshSettings {
  /** The name or address to connect to. */
  hostname: string;
  port: number;
  user: string;
  /** IP version, 0 for any. */
  family: 0 | 4 | 6;
  bindAddress: string | undefined;
  /** ProxyJump: the hosts on the way, the nearest first. */
  jumps: readonly Target[];
  /** HostKeyAlias: the name to look for in known_hosts instead. */
  hostKeyAlias: string | undefined;
  userKnownHosts: readonly string[];
  globalKnownHosts: readonly string[];
  /** Whether keys of unknown hosts are learnt. A changed key is refused whatever is set. */
  acceptNew: boolean;
  hashKnownHosts: boolean;
  /** The agent's socket. */
  agent: string | undefined;
  identityFiles: readonly string[];
  identitiesOnly: boolean;
  /** The agent that commands on the host may use. */
  forwardAgent: string | undefined;
  /** SetEnv: environment for commands, as far as the host takes it. */
  environment: Record<string, string>;
  /** Ways of logging in that are allowed, in the order in which they are to be tried. */
  methods: readonly Method[];
  /** How often a wrong answer to a question may be given. */
  prompts: number;
  connectTimeout: number;
  keepaliveInterval: number;
  keepaliveCount: number;
  /** Names of algorithms that ssh allows, in its order; undefined without ssh. */
  algorithms: Algorithms | undefined;
  /** What is set but cannot be used; named when authentication fails. */
  unused: readonly string[];
  /** The same of the host's key. */
  unusedForHostKey: readonly string[];
}

/** Ways of logging in (RFC 4252, RFC 4256) that we have. */
export type Method = "publickey" | "keyboard-interactive" | "password";

export interface Algorithms {
  kex: readonly string[];
  cipher: readonly string[];
  hmac: readonly string[];
  serverHostKey: readonly string[];
}

const defaultConnectTimeout = 10_000;
const defaultKeepalive = { interval: 15_000, count: 3 };

/** ssh's `~` is the home of the password file, not $HOME. */
const home = () => userInfo().homedir;

/** A file name of the configuration as ssh reads it: ~, ${VARIABLE}, and the tokens of ssh_config(5). */
function expand(text: string, tokens: Record<string, string>): string {
  return text
    .replace(/^~(?=\/|$)/, home)
    .replace(/\$\{(\w+)\}/g, (_, name: string) => {
      const value = process.env[name];
      if (value === undefined)
        throw new Failure("bad-argument", `ssh's configuration uses \${${name}}, which is not set: ${text}`);
      return value;
    })
    .replace(/%(.)/g, (token, letter: string) => {
      const value = tokens[letter];
      if (value === undefined)
        throw new Failure(
          "bad-argument",
          `ssh's configuration uses ${token}, which is not known here: ${text}`,
        );
      return value;
    });
}

/** Several paths on one line, as ssh prints them: a space before a slash parts them. */
function paths(line: string | undefined): string[] {
  return (line ?? "").split(/ (?=[/~]|none$)/).filter((path) => path !== "" && path !== "none");
}

function list(line: string | undefined): string[] {
  return (line ?? "").split(",").filter(Boolean);
}

function seconds(text: string | undefined): number | undefined {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value * 1000 : undefined;
}

/** The value of a keyword, unless it is "none". */
function single(values: Values, keyword: string): string | undefined {
  const value = values.get(keyword)?.[0];
  return value === "none" ? undefined : value;
}

function refuseWhatMatters(host: string, values: Values): void {
  for (const [keyword, name] of [
    ["proxycommand", "ProxyCommand"],
    ["revokedhostkeys", "RevokedHostKeys"],
  ] as const) {
    const value = single(values, keyword);
    if (value !== undefined)
      throw new Failure(
        "unreachable",
        `${host}: ssh's configuration sets ${name} (${value}), which only --ssh openssh can use`,
      );
  }
}

/** The hosts of ProxyJump: [user@]host[:port], an address in brackets, or all of it as an ssh:// URL. */
function jumpsOf(values: Values): Target[] {
  const hops = list(single(values, "proxyjump"));
  return hops.map((hop) => {
    const [, user, bracketed, name, port] =
      /^(?:ssh:\/\/)?(?:(.*)@)?(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?\/?$/.exec(hop) ?? [];
    const host = bracketed ?? name;
    if (!host) throw new Failure("unreachable", `ssh's configuration sets ProxyJump, and ${hop} is no host`);
    return { host, ...(user !== undefined && { user }), ...(port !== undefined && { port: Number(port) }) };
  });
}

function notUsed(values: Values): string[] {
  const unused = (values.get("certificatefile") ?? []).map((file) => `CertificateFile ${file}`);
  for (const [keyword, name] of [
    ["hostbasedauthentication", "HostbasedAuthentication"],
    ["pkcs11provider", "PKCS11Provider"],
  ] as const) {
    const value = single(values, keyword);
    if (value !== undefined && value !== "no") unused.push(`${name} ${value}`);
  }
  return unused;
}

function methodsOf(values: Values): Method[] {
  const preferred = single(values, "preferredauthentications");
  const order = preferred === undefined ? ["publickey", "keyboard-interactive", "password"] : list(preferred);
  const isAllowed = (keyword: string) => !["no", "false"].includes(single(values, keyword) ?? "");
  const asks = single(values, "batchmode") !== "yes";
  const allowed: Record<Method, boolean> = {
    publickey: isAllowed("pubkeyauthentication"),
    "keyboard-interactive": asks && isAllowed("kbdinteractiveauthentication"),
    password: asks && isAllowed("passwordauthentication"),
  };
  return order.filter((name): name is Method => Object.hasOwn(allowed, name) && allowed[name as Method]);
}

function agentOf(values: Values, tokens: Record<string, string>): string | undefined {
  const named = values.get("identityagent")?.[0] ?? "SSH_AUTH_SOCK";
  if (named === "none") return undefined;
  if (named === "SSH_AUTH_SOCK") return process.env.SSH_AUTH_SOCK || undefined;
  if (/^\$\w+$/.test(named)) return process.env[named.slice(1)] || undefined;
  return expand(named, tokens);
}

function forwardedAgent(values: Values, tokens: Record<string, string>): string | undefined {
  const named = values.get("forwardagent")?.[0] ?? "no";
  if (named === "no") return undefined;
  if (named === "yes") return agentOf(values, tokens);
  return named.startsWith("$") ? process.env[named.slice(1)] : expand(named, tokens);
}

/** The tokens of ssh_config(5), "TOKENS". */
function tokensOf(host: string, hostname: string, port: string, user: string, alias: string | undefined) {
  const { username, uid, homedir } = userInfo();
  const local = localHostname();
  const all = createHash("sha1").update(`${local}${hostname}${port}${user}`).digest("hex");
  return {
    "%": "%",
    C: all,
    d: homedir,
    h: hostname,
    i: String(uid),
    j: "",
    k: alias ?? host,
    L: local.replace(/\..*/, ""),
    l: local,
    n: host,
    p: port,
    r: user,
    u: username,
  };
}

function settingsFrom(host: string, values: Values, acceptNew: boolean): SshSettings {
  refuseWhatMatters(host, values);
  const one = (keyword: string) => values.get(keyword)?.[0];
  const hostname = one("hostname") ?? host;
  const port = one("port") ?? "22";
  const user = one("user") ?? userInfo().username;
  const hostKeyAlias = single(values, "hostkeyalias");
  const tokens = tokensOf(host, hostname, port, user, hostKeyAlias);
  const family = one("addressfamily");
  const interval = seconds(one("serveraliveinterval"));
  const knownHostsCommand = single(values, "knownhostscommand");
  return {
    hostname,
    port: Number(port),
    user,
    family: family === "inet" ? 4 : family === "inet6" ? 6 : 0,
    bindAddress: single(values, "bindaddress"),
    jumps: jumpsOf(values),
    hostKeyAlias: hostKeyAlias === undefined ? undefined : expand(hostKeyAlias, tokens),
    userKnownHosts: paths(one("userknownhostsfile")).map((path) => expand(path, tokens)),
    globalKnownHosts: paths(one("globalknownhostsfile")).map((path) => expand(path, tokens)),
    // "no" (printed as "false") wants no questions: unknown keys are learnt, and no check is left out.
    acceptNew: acceptNew || ["accept-new", "false", "no", "off"].includes(one("stricthostkeychecking") ?? ""),
    hashKnownHosts: one("hashknownhosts") === "yes",
    agent: agentOf(values, tokens),
    identityFiles: (values.get("identityfile") ?? [])
      .filter((file) => file !== "none")
      .map((file) => expand(file, tokens)),
    identitiesOnly: one("identitiesonly") === "yes",
    forwardAgent: forwardedAgent(values, tokens),
    environment: Object.fromEntries(
      (values.get("setenv") ?? []).map((pair) => [pair.replace(/=.*/s, ""), pair.replace(/^[^=]*=/, "")]),
    ),
    methods: methodsOf(values),
    prompts: Number(one("numberofpasswordprompts") ?? 3),
    connectTimeout: seconds(one("connecttimeout")) ?? defaultConnectTimeout,
    keepaliveInterval: interval ?? defaultKeepalive.interval,
    keepaliveCount: interval === undefined ? defaultKeepalive.count : Number(one("serveralivecountmax") ?? 3),
    algorithms: values.has("ciphers")
      ? {
          kex: list(one("kexalgorithms")),
          cipher: list(one("ciphers")),
          hmac: list(one("macs")),
          serverHostKey: list(one("hostkeyalgorithms")),
        }
      : undefined,
    unused: notUsed(values),
    unusedForHostKey: knownHostsCommand === undefined ? [] : [`KnownHostsCommand ${knownHostsCommand}`],
  };
}

/** What ssh does where no file says otherwise, for a machine without ssh. */
function builtIn({ host = "", user, port }: Target): Values {
  const directory = `${home()}/.ssh`;
  return new Map([
    ["hostname", [host.toLowerCase()]],
    ["user", [user ?? userInfo().username]],
    ["port", [String(port ?? 22)]],
    ["identityfile", ["rsa", "ecdsa", "ed25519"].map((kind) => `${directory}/id_${kind}`)],
    ["userknownhostsfile", [`${directory}/known_hosts ${directory}/known_hosts2`]],
    ["globalknownhostsfile", ["/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2"]],
  ]);
}

/** Reads settings. `config`: a file for ssh -F. */
export class SshSettingsReader {
  readonly #query: SshQuery;
  readonly #acceptNew: boolean;
  readonly #known = new Map<string, Promise<SshSettings>>();

  constructor(config: string | undefined, acceptNew: boolean) {
    this.#query = new SshQuery(config);
    this.#acceptNew = acceptNew;
  }

  /** Throws Failure: "unresolved" when ssh cannot make sense of its files; "unreachable" for what is not supported. */
  settingsFor(target: Target): Promise<SshSettings> {
    // A host on the way is asked for by all hosts behind it.
    const name = JSON.stringify([target.user, target.host, target.port]);
    const settings = this.#known.get(name) ?? this.#read(target);
    this.#known.set(name, settings);
    // Files that ssh cannot read may be mended before the next step of a session asks.
    settings.catch(() => this.#known.delete(name));
    return settings;
  }

  async #read(target: Target): Promise<SshSettings> {
    const values = (await this.#query.valuesFor(target)) ?? builtIn(target);
    return settingsFrom(target.host ?? "", values, this.#acceptNew);
  }
}
