// The keys to log in with, in ssh's order: those of the agent and of IdentityFile.

import ssh2, {
  type BaseAgent,
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from "ssh2";
import { type AgentKey, agentKeys } from "./agent-keys.js";
import type { Asker } from "./asker.js";
import { type KeyFile, opensshCan, readKeyFile } from "./key-file.js";
import { fingerprint, typeOf } from "./known-hosts.js";
import type { LockedKey } from "./locked-key.js";
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

/** Milliseconds for an agent to show its keys: one that was forwarded may be as dead as its connection. */
const agentTime = 10_000;

/** What an agent shows that ssh2 cannot use, with the reason. */
function leftOutOf({ blob, comment }: AgentKey, why: Error): string {
  const type = typeOf(blob);
  if (type.includes("-cert-")) return `the agent's ${comment} (a certificate; ${opensshCan})`;
  if (type.startsWith("sk-")) return `the agent's ${comment} (a security key; ${opensshCan})`;
  return `the agent's ${comment} (${why.message})`;
}

async function readAgent(path: string, limit: number): Promise<AgentKeys> {
  const late = new AbortController();
  const why = new Error(`it does not answer within ${limit / 1000} s`);
  const timer = setTimeout(() => late.abort(why), limit);
  const read: AgentKeys = { keys: [], leftOut: [] };
  const agent = new ssh2.OpenSSHAgent(path);
  try {
    for (const shown of await agentKeys(path, late.signal)) {
      const key = ssh2.utils.parseKey(shown.blob);
      if (key instanceof Error) read.leftOut.push(leftOutOf(shown, key));
      else {
        const said = `the agent's key ${shown.comment} ${fingerprint(shown.blob)}`;
        read.keys.push({
          key,
          candidate: { said, method: { type: "agent", agent: new OneKey(agent, key) } },
        });
      }
    }
  } catch (error) {
    read.leftOut.push(`the agent at ${path} (${(error as Error).message})`);
  } finally {
    clearTimeout(timer);
  }
  return read;
}

/** Reads agents and key files once for all hosts. */
export class Identities {
  readonly #files = new Map<string, Promise<KeyFile | undefined>>();
  readonly #agents = new Map<string, Promise<AgentKeys>>();
  readonly #asker: Asker;

  readonly #agentTime: number;

  /** `asker`: whom to ask for passphrases. `limit`: milliseconds for an agent. */
  constructor(asker: Asker, limit = agentTime) {
    this.#asker = asker;
    this.#agentTime = limit;
  }

  #file(path: string): Promise<KeyFile | undefined> {
    const file = this.#files.get(path) ?? readKeyFile(path, this.#asker);
    this.#files.set(path, file);
    return file;
  }

  #agent(path: string): Promise<AgentKeys> {
    const agent = this.#agents.get(path) ?? readAgent(path, this.#agentTime);
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
