// Which keys to log in with, and in which order: those of the agent and those of IdentityFile, as ssh does.

import { readFile, stat } from "node:fs/promises";
import ssh2, {
  type BaseAgent,
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from "ssh2";
import { fingerprint } from "./known-hosts.js";
import type { SshSettings } from "./ssh-settings.js";

/** A key to try: as ssh2 wants it, and as people are told. */
export interface Candidate {
  said: string;
  method: { type: "publickey"; key: ParsedKey } | { type: "agent"; agent: BaseAgent<ParsedKey> };
}

/** Keys to try, and what was left out, with the reason. */
export interface Candidates {
  keys: readonly Candidate[];
  leftOut: readonly string[];
}

interface KeyFile {
  path: string;
  /** The private key, where it can be used. */
  key?: ParsedKey;
  /** The public key, where it is known: the agent may hold the private one. */
  publicKey?: Buffer;
  leftOut?: string;
}

function parsed(text: Buffer): ParsedKey | Error {
  const keys = ssh2.utils.parseKey(text);
  return Array.isArray(keys) ? (keys[0] ?? new Error("no key in it")) : keys;
}

async function readOptional(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch(() => undefined);
}

/** Undefined for a file that is not there: ssh's list of default files is long. */
async function readKeyFile(path: string): Promise<KeyFile | undefined> {
  const text = await readFile(path).catch((error: NodeJS.ErrnoException) => error);
  const besides = await readOptional(`${path}.pub`);
  const pub = besides && parsed(besides);
  const publicKey = pub && !(pub instanceof Error) ? pub.getPublicSSH() : undefined;
  const leave = (why: string): KeyFile => ({
    path,
    leftOut: `${path} (${why})`,
    ...(publicKey && { publicKey }),
  });
  if (!Buffer.isBuffer(text)) {
    if (text.code !== "ENOENT") return leave(text.message);
    return publicKey && { path, publicKey };
  }
  const key = parsed(text);
  if (!(key instanceof Error) && !key.isPrivateKey()) return { path, publicKey: key.getPublicSSH() };
  const { uid, mode } = await stat(path);
  if (uid === process.getuid?.() && (mode & 0o077) !== 0)
    return leave(`others may read it; chmod 600 ${path}`);
  if (key instanceof Error) {
    if (/encrypted/i.test(key.message)) return leave(`it has a passphrase; ssh-add ${path}`);
    return leave(/\bsk-/.test(besides?.toString() ?? "") ? "security keys are not supported" : key.message);
  }
  return { path, key, publicKey: key.getPublicSSH() };
}

/** An agent that shows one key only, so that each attempt can be told apart. */
class OneKey extends ssh2.BaseAgent<ParsedKey> {
  readonly #agent: BaseAgent<ParsedKey>;
  readonly #key: ParsedKey;
  constructor(agent: BaseAgent<ParsedKey>, key: ParsedKey) {
    super();
    this.#agent = agent;
    this.#key = key;
  }
  override getIdentities(reply: IdentityCallback<ParsedKey>): void {
    reply(undefined, [this.#key]);
  }
  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    reply?: SignCallback,
  ): void {
    if (typeof options === "function") this.#agent.sign(key, data, options);
    else this.#agent.sign(key, data, options, reply);
  }
}

interface AgentKeys {
  keys: { key: ParsedKey; candidate: Candidate }[];
  leftOut: string[];
}

function readAgent(path: string): Promise<AgentKeys> {
  const agent = new ssh2.OpenSSHAgent(path);
  return new Promise((resolve) => {
    agent.getIdentities((error, keys = []) => {
      if (error) return resolve({ keys: [], leftOut: [`the agent at ${path} (${error.message})`] });
      resolve({
        keys: (keys as ParsedKey[]).map((key) => ({
          key,
          candidate: {
            said: `the agent's key ${key.comment} ${fingerprint(key.getPublicSSH())}`,
            method: { type: "agent", agent: new OneKey(agent, key) },
          },
        })),
        leftOut: [],
      });
    });
  });
}

/** Reads agents and key files once for all hosts. */
export class Identities {
  readonly #files = new Map<string, Promise<KeyFile | undefined>>();
  readonly #agents = new Map<string, Promise<AgentKeys>>();

  #file(path: string): Promise<KeyFile | undefined> {
    const file = this.#files.get(path) ?? readKeyFile(path);
    this.#files.set(path, file);
    return file;
  }

  #agent(path: string): Promise<AgentKeys> {
    const agent = this.#agents.get(path) ?? readAgent(path);
    this.#agents.set(path, agent);
    return agent;
  }

  /**
   * The agent's keys that IdentityFile names, the agent's other keys (not with IdentitiesOnly), then the
   * files that the agent does not hold: servers hang up after a few keys, so the order matters.
   */
  async candidatesFor(settings: SshSettings): Promise<Candidates> {
    if (!settings.publicKey) return { keys: [], leftOut: ["keys (ssh's configuration forbids them)"] };
    const read = await Promise.all(settings.identityFiles.map((path) => this.#file(path)));
    const files = read.filter((file) => file !== undefined);
    const agent =
      settings.agent === undefined ? { keys: [], leftOut: [] } : await this.#agent(settings.agent);
    const isNamed = (held: { key: ParsedKey }) =>
      files.some(({ publicKey }) => publicKey?.equals(held.key.getPublicSSH()));
    const named = agent.keys.filter(isNamed);
    const others = settings.identitiesOnly ? [] : agent.keys.filter((held) => !isNamed(held));
    const inAgent = ({ publicKey }: KeyFile) =>
      named.some(({ key }) => publicKey && key.getPublicSSH().equals(publicKey));
    const ownFiles = files.filter((file) => !inAgent(file));
    return {
      keys: [
        ...[...named, ...others].map(({ candidate }) => candidate),
        ...ownFiles.flatMap(({ path, key }): Candidate[] =>
          key ? [{ said: path, method: { type: "publickey", key } }] : [],
        ),
      ],
      leftOut: [
        ...agent.leftOut,
        ...ownFiles.flatMap(({ leftOut }) => leftOut ?? []),
        ...settings.unused.map((setting) => `${setting} (not supported)`),
      ],
    };
  }
}

/** One log-in: hands ssh2 one key after the other, and remembers how it went. */
export class Login {
  readonly #candidates: Candidates;
  readonly #user: string;
  readonly #tried: string[] = [];
  #offered: readonly string[] = [];
  #next = 0;
  #partial = false;

  constructor(user: string, candidates: Candidates) {
    this.#user = user;
    this.#candidates = candidates;
  }

  /** The next attempt, or false when there is none. `left`: what the server still takes, null at first. */
  next(left: readonly string[] | null, partial: boolean | null) {
    if (left) this.#offered = left;
    this.#partial ||= partial === true;
    const { keys } = this.#candidates;
    const username = this.#user;
    // Without a key, what the server offers is still worth knowing.
    if (keys.length === 0) return left ? (false as const) : { type: "none" as const, username };
    const candidate = left && !left.includes("publickey") ? undefined : keys[this.#next++];
    if (!candidate) return false as const;
    this.#tried.push(candidate.said);
    return { ...candidate.method, username };
  }

  /** Whether the server has said no to an attempt. */
  get denied(): boolean {
    return this.#offered.length > 0;
  }

  /** How it went, for the error's sentence. */
  get story(): string {
    const { leftOut } = this.#candidates;
    return [
      this.#tried.length > 0 ? `tried: ${this.#tried.join(", ")}` : "there was no key to try",
      ...(leftOut.length > 0 ? [`not tried: ${leftOut.join(", ")}`] : []),
      ...(this.#offered.length > 0
        ? [`the server ${this.#partial ? "also wants" : "offers"}: ${this.#offered.join(", ")}`]
        : []),
      ...(this.#offered.length > 0 && !this.#offered.includes("publickey")
        ? ["only publickey is supported"]
        : []),
    ].join("; ");
  }
}
