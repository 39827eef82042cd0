// A private key that a passphrase protects. It is asked for when a host has taken the public half, once for all.

import ssh2, {
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from "ssh2";
import type { Asker } from "./asker.js";
import { Fields } from "./ssh-fields.js";

const magic = Buffer.from("openssh-key-v1\0");

/**
 * The public half of an encrypted file in OpenSSH's own format, where it stands in the clear (PROTOCOL.key in
 * OpenSSH's source): after the magic come cipher, KDF and its options, the number of keys, and the public key.
 * Undefined for other formats.
 */
export function publicHalf(text: Buffer): Buffer | undefined {
  const [, body = ""] =
    /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)-----END/.exec(text.toString("latin1")) ?? [];
  const bytes = Buffer.from(body, "base64");
  if (!bytes.subarray(0, magic.length).equals(magic)) return undefined;
  const fields = new Fields(bytes, magic.length);
  try {
    for (let skipped = 0; skipped < 3; skipped++) fields.string();
    fields.number();
    return fields.string();
  } catch {
    return undefined;
  }
}

/** Acts as an agent with one key, as ssh2 signs with an agent's keys only after the host has taken them. */
export class LockedKey extends ssh2.BaseAgent<ParsedKey> {
  readonly #path: string;
  readonly #text: Buffer;
  readonly #publicKey: ParsedKey | undefined;
  readonly #asker: Asker;
  #key: Promise<ParsedKey> | undefined;
  /** Whether no passphrase was given that fits. */
  failed = false;

  /** `publicKey`: where it is known; otherwise the passphrase is asked for before the key is shown to a host. */
  constructor(path: string, text: Buffer, publicKey: ParsedKey | undefined, asker: Asker) {
    super();
    this.#path = path;
    this.#text = text;
    this.#publicKey = publicKey;
    this.#asker = asker;
  }

  /** As often as ssh does by default (NumberOfPasswordPrompts). */
  async #unlock(): Promise<ParsedKey> {
    for (let times = 0; times < 3; times++) {
      const again = times === 0 ? "" : "wrong; ";
      const passphrase = await this.#asker.ask(`${again}passphrase of ${this.#path}: `, false);
      if (!passphrase) break;
      const found: ParsedKey | ParsedKey[] | Error = ssh2.utils.parseKey(this.#text, passphrase);
      const key = Array.isArray(found) ? found[0] : found;
      if (key && !(key instanceof Error)) return key;
    }
    this.failed = true;
    throw new Error("no passphrase");
  }

  #unlocked(): Promise<ParsedKey> {
    this.#key ??= this.#unlock();
    return this.#key;
  }

  override getIdentities(reply: IdentityCallback<ParsedKey>): void {
    if (this.#publicKey) reply(undefined, [this.#publicKey]);
    else this.#unlocked().then((key) => reply(undefined, [key]), reply);
  }

  override sign(
    _key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    reply?: SignCallback,
  ): void {
    const answer = typeof options === "function" ? options : reply;
    const hash = typeof options === "function" ? undefined : options.hash;
    this.#unlocked().then(
      (key) => {
        const signature = key.sign(data, hash);
        if (Buffer.isBuffer(signature)) answer?.(undefined, signature);
        else answer?.(signature);
      },
      (error) => answer?.(error),
    );
  }
}
