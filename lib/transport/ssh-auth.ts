// How to log in, and in which order, as ssh does: keys of the agent and of IdentityFile, then by asking a person.

import { createPrivateKey, sign } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import ssh2, {
  type AnyAuthMethod,
  type BaseAgent,
  type IdentityCallback,
  type ParsedKey,
  type Prompt,
  type SignCallback,
  type SigningRequestOptions,
} from "ssh2";
import type { Asker } from "./asker.js";
import { fingerprint, typeOf } from "./known-hosts.js";
import { LockedKey, publicHalf } from "./locked-key.js";
import type { SshSettings } from "./ssh-settings.js";

/** A key to try: as ssh2 wants it, and as people are told. */
export interface Candidate {
  said: string;
  method: { type: "publickey"; key: ParsedKey } | { type: "agent"; agent: BaseAgent<ParsedKey> };
  /** A key that may turn out to be of no use, as nobody knows its passphrase. */
  locked?: LockedKey;
}

/** Keys to try, and what was left out, with the reason. */
export interface Candidates {
  keys: readonly Candidate[];
  leftOut: readonly string[];
}

/** Ways of logging in that ssh2 has not, or not as ssh has. */
const onlyOpenssh = new Set(["gssapi-with-mic", "gssapi-keyex", "hostbased"]);

/** The way on for them. */
const opensshCan = "--ssh openssh can use it";

interface KeyFile {
  path: string;
  /** The private key, where it can be used, at once or with a passphrase. */
  key?: ParsedKey;
  locked?: LockedKey;
  /** The public key, where it is known: the agent may hold the private one. */
  publicKey?: Buffer;
  /** A certificate that lies beside it. */
  certificate?: string;
  leftOut?: string;
}

function parsed(text: Buffer): ParsedKey | Error {
  const keys = ssh2.utils.parseKey(text);
  return Array.isArray(keys) ? (keys[0] ?? new Error("no key in it")) : keys;
}

async function readOptional(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch(() => undefined);
}

/** A public key as bytes, in the form that ssh2 works with; undefined for types that it does not know. */
function fromPublic(key: Buffer | undefined): ParsedKey | undefined {
  if (!key) return undefined;
  const found = parsed(Buffer.from(`${typeOf(key)} ${key.toString("base64")}`));
  return found instanceof Error ? undefined : found;
}

/** The same key, which ssh2 would read from its text again for each signature: most of a log-in's work. */
function readOnce(key: ParsedKey): ParsedKey {
  // The others are rare, or their signatures take far longer.
  if (key.type !== "ssh-ed25519") return key;
  const held = createPrivateKey(key.getPrivatePEM());
  key.sign = (data) => sign(null, Buffer.from(data), held);
  return key;
}

/** Undefined for a file that is not there: ssh's list of default files is long. */
async function readKeyFile(path: string, asker: Asker): Promise<KeyFile | undefined> {
  const file = await readPrivateKey(path, asker);
  const certificate = `${path}-cert.pub`;
  return file && ((await readOptional(certificate)) ? { ...file, certificate } : file);
}

async function readPrivateKey(path: string, asker: Asker): Promise<KeyFile | undefined> {
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
    const half = publicKey ?? publicHalf(text);
    const isSecurityKey = /\bsk-/.test(besides?.toString() ?? "") || half?.includes("sk-");
    if (isSecurityKey) return leave(`a security key; ${opensshCan}`);
    if (!/encrypted/i.test(key.message)) return leave(key.message);
    const known = half && { publicKey: half };
    if (!asker.isThere)
      return {
        ...leave(`it has a passphrase, and there is no terminal to ask on; ssh-add ${path}`),
        ...known,
      };
    return { path, locked: new LockedKey(path, text, fromPublic(half), asker), ...known };
  }
  return { path, key: readOnce(key), publicKey: key.getPublicSSH() };
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
  readonly #asker: Asker;

  /** `asker`: whom to ask for passphrases. */
  constructor(asker: Asker) {
    this.#asker = asker;
  }

  #file(path: string): Promise<KeyFile | undefined> {
    const file = this.#files.get(path) ?? readKeyFile(path, this.#asker);
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
    if (!settings.methods.includes("publickey"))
      return { keys: [], leftOut: ["keys (ssh's configuration forbids them)"] };
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
        ...ownFiles.flatMap(({ path, key, locked }): Candidate[] => {
          if (locked) return [{ said: path, method: { type: "agent", agent: locked }, locked }];
          return key ? [{ said: path, method: { type: "publickey", key } }] : [];
        }),
      ],
      leftOut: [
        ...agent.leftOut,
        ...ownFiles.flatMap(({ leftOut }) => leftOut ?? []),
        ...ownFiles.flatMap(({ certificate }) =>
          certificate ? `${certificate} (a certificate; ${opensshCan})` : [],
        ),
        ...settings.unused.map((setting) => `${setting} (${opensshCan})`),
      ],
    };
  }
}

/** One log-in: hands ssh2 one attempt after the other, and remembers how it went. */
export class Login {
  readonly #candidates: Candidates;
  readonly #who: string;
  readonly #settings: Pick<SshSettings, "user" | "methods" | "prompts">;
  readonly #asker: Asker;
  readonly #tried: Pick<Candidate, "said" | "locked">[] = [];
  readonly #asked = { "keyboard-interactive": 0, password: 0 };
  #offered: readonly string[] = [];
  #next = 0;
  #partial = false;

  /** `host`: as the person who is asked knows it. */
  constructor(
    host: string,
    settings: Pick<SshSettings, "user" | "methods" | "prompts">,
    candidates: Candidates,
    asker: Asker,
  ) {
    this.#who = `${settings.user}@${host}`;
    this.#settings = settings;
    this.#candidates = candidates;
    this.#asker = asker;
  }

  /** The next attempt, or false when there is none. `left`: what the server still takes, null at first. */
  async next(left: readonly string[] | null, partial: boolean | null): Promise<AnyAuthMethod | false> {
    if (left) this.#offered = left;
    this.#partial ||= partial === true;
    const { methods, user: username } = this.#settings;
    const keysFirst = methods[0] === "publickey" && this.#candidates.keys.length > 0;
    // Before its first answer, keys are shown; or else the server is asked what it offers.
    if (!left) return (keysFirst && this.#key()) || { type: "none", username };
    for (const method of methods) {
      if (!left.includes(method)) continue;
      const attempt = method === "publickey" ? this.#key() : await this.#question(method);
      if (attempt) return attempt;
    }
    return false;
  }

  #key(): AnyAuthMethod | undefined {
    const candidate = this.#candidates.keys[this.#next++];
    if (!candidate) return undefined;
    this.#tried.push(candidate);
    return { ...candidate.method, username: this.#settings.user };
  }

  async #question(method: "keyboard-interactive" | "password"): Promise<AnyAuthMethod | undefined> {
    const { prompts, user: username } = this.#settings;
    if (!this.#asker.isThere || this.#asked[method] >= prompts) return undefined;
    const again = this.#asked[method]++ === 0 ? "" : "wrong; ";
    if (method === "keyboard-interactive") {
      this.#tried.push({ said: method });
      return { type: method, username, prompt: (...heard) => void this.#answer(...heard) };
    }
    const password = await this.#asker.ask(`${again}password of ${this.#who}: `, false);
    if (!password) {
      this.#asked[method] = prompts;
      return undefined;
    }
    this.#tried.push({ said: method });
    return { type: method, username, password };
  }

  /** Passes the server's questions on, with its words before them (RFC 4256 section 3.2). */
  async #answer(
    name: string,
    instructions: string,
    _language: string,
    prompts: readonly Prompt[],
    finish: (answers: string[]) => void,
  ): Promise<void> {
    const answers: string[] = [];
    const words = [name, instructions].filter((text) => text.trim() !== "").map((text) => `${text.trim()}; `);
    for (const { prompt, echo } of prompts) {
      const answer = await this.#asker.ask(
        `(${this.#who}) ${words.splice(0).join("")}${prompt}`,
        echo === true,
      );
      if (answer === undefined) this.#asked["keyboard-interactive"] = this.#settings.prompts;
      answers.push(answer ?? "");
    }
    finish(answers);
  }

  /** Whether the server has said no to an attempt. */
  get denied(): boolean {
    return this.#offered.length > 0;
  }

  /** What could not be tried, with the reason. */
  get #leftOut(): readonly string[] {
    const questions = this.#settings.methods.filter(
      (method) => method !== "publickey" && this.#offered.includes(method),
    );
    const locked = this.#candidates.keys.filter((key) => key.locked?.failed);
    return [
      ...this.#candidates.leftOut,
      ...locked.map(({ said }) => `${said} (no passphrase was given that fits)`),
      ...(this.#asker.isThere ? [] : questions.map((method) => `${method} (there is no terminal to ask on)`)),
      ...this.#offered
        .filter((method) => onlyOpenssh.has(method))
        .map((method) => `${method} (${opensshCan})`),
    ];
  }

  /** How it went, for the error's sentence. */
  get story(): string {
    const leftOut = this.#leftOut;
    const tried = this.#tried.filter(({ locked }) => !locked?.failed).map(({ said }) => said);
    return [
      tried.length > 0 ? `tried: ${tried.join(", ")}` : "there was nothing to try",
      ...(leftOut.length > 0 ? [`not tried: ${leftOut.join(", ")}`] : []),
      ...(this.#offered.length > 0
        ? [`the server ${this.#partial ? "also wants" : "offers"}: ${this.#offered.join(", ")}`]
        : []),
    ].join("; ");
  }
}
