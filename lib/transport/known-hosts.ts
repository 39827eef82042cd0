// Host keys that the user's known_hosts files vouch for: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".

import { createHash, createHmac, randomBytes } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../base/failure.js";
import { globMatches } from "../base/glob.js";

/** The name of a host, as HMAC-SHA1 of it with the salt as the key. */
interface HashedName {
  salt: Buffer;
  hash: Buffer;
}

/** One line that can be used. */
export interface KnownHostsLine {
  file: string;
  /** From 1. */
  line: number;
  marker: "revoked" | "cert-authority" | undefined;
  /** Names and patterns, in lower case; none where the name is hashed. */
  names: readonly string[];
  hashedName: HashedName | undefined;
  /** The key in base64. */
  key: string;
}

/** What the files say about a key that a host has shown. */
export type Verdict =
  | { is: "known" }
  /** `authority`: a line that trusts a certificate authority for this host. */
  | { is: "unknown"; authority: KnownHostsLine | undefined }
  | { is: "changed" | "revoked"; line: KnownHostsLine };

/** "ssh-ed25519" of a key's bytes (RFC 4253 section 6.6). */
export function typeOf(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");
}

/** A key as people compare it: "ED25519 SHA256:...", as `ssh-keygen -l` writes it. */
export function fingerprint(key: Buffer): string {
  const kind = typeOf(key)
    .replace(/^ssh-/, "")
    .replace(/^ecdsa-.*/, "ecdsa");
  return `${kind.toUpperCase()} SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The name under which a host stands in the files: without the port where it is 22. */
export function entryName(hostname: string, port: number): string {
  const name = hostname.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

function hashed(name: string, salt: Buffer): Buffer {
  return createHmac("sha1", salt).update(name).digest();
}

/** `|1|salt|hash`, both in base64. */
function hashedName(pattern: string): HashedName {
  const [, , salt = "", hash = ""] = pattern.split("|");
  return { salt: Buffer.from(salt, "base64"), hash: Buffer.from(hash, "base64") };
}

function lineMatches({ names, hashedName: own }: KnownHostsLine, name: string): boolean {
  if (own) return own.hash.equals(hashed(name, own.salt));
  let found = false;
  for (const pattern of names) {
    if (pattern.startsWith("!")) {
      if (globMatches(pattern.slice(1), name)) return false;
    } else found ||= globMatches(pattern, name);
  }
  return found;
}

function parseLine(file: string, number: number, text: string): KnownHostsLine | undefined {
  const words = text.trim().split(/\s+/);
  if (!words[0] || words[0].startsWith("#")) return undefined;
  const marker = words[0].startsWith("@") ? words.shift()?.slice(1) : undefined;
  if (marker !== undefined && marker !== "revoked" && marker !== "cert-authority") return undefined;
  const [names = "", type, key = ""] = words;
  const bytes = Buffer.from(key, "base64");
  // Lines of SSH 1, and broken ones.
  if (bytes.length < 8 || bytes.readUInt32BE(0) > bytes.length || typeOf(bytes) !== type) return undefined;
  return {
    file,
    line: number,
    marker,
    names: names.startsWith("|") ? [] : names.toLowerCase().split(","),
    hashedName: names.startsWith("|") ? hashedName(names) : undefined,
    key: bytes.toString("base64"),
  };
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

/** The lines that have one key: those with plain names by these, and the others. */
interface LinesOfKey {
  named: Map<string, KnownHostsLine[]>;
  others: KnownHostsLine[];
}

/** One file, read once. It may be a file that does not exist yet. */
class KnownHostsFile {
  readonly path: string;
  /** Hosts that were made from one image share a key, so that it may stand on each line. */
  readonly #byKey = new Map<string, LinesOfKey>();
  readonly #byName = new Map<string, KnownHostsLine[]>();
  /** Lines with wildcards or negations. */
  readonly #patterns: KnownHostsLine[] = [];
  readonly #hashed: KnownHostsLine[] = [];
  #lines = 0;
  /** Appending is done one after the other. */
  #last: Promise<void> = Promise.resolve();

  private constructor(path: string) {
    this.path = path;
  }

  static async read(path: string): Promise<KnownHostsFile> {
    const file = new KnownHostsFile(path);
    let text: string;
    try {
      text = await readFile(path, "latin1");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return file;
      throw new Failure("host-key-unknown", `cannot read ${path}: ${(error as Error).message}`);
    }
    for (const line of text.split("\n")) file.#add(line);
    return file;
  }

  #add(text: string): void {
    const line = parseLine(this.path, ++this.#lines, text);
    if (!line) return;
    const ofKey: LinesOfKey = this.#byKey.get(line.key) ?? { named: new Map(), others: [] };
    this.#byKey.set(line.key, ofKey);
    if (line.hashedName) this.#hashed.push(line);
    else if (line.names.some((name) => /[*?!]/.test(name))) this.#patterns.push(line);
    else {
      for (const name of line.names) {
        append(this.#byName, name, line);
        append(ofKey.named, name, line);
      }
      return;
    }
    ofKey.others.push(line);
  }

  /** The lines for a name; comparing with hashed names costs 3 microseconds a line. */
  linesFor(name: string, withHashed: boolean): KnownHostsLine[] {
    const others = withHashed ? [...this.#patterns, ...this.#hashed] : this.#patterns;
    return [...(this.#byName.get(name) ?? []), ...others.filter((line) => lineMatches(line, name))];
  }

  /** The lines that have this key for a name. */
  linesOf(key: string, name: string): KnownHostsLine[] {
    const ofKey = this.#byKey.get(key);
    if (!ofKey) return [];
    return [...(ofKey.named.get(name) ?? []), ...ofKey.others.filter((line) => lineMatches(line, name))];
  }

  has(name: string, key: string): boolean {
    return this.linesOf(key, name).some((line) => line.marker === undefined);
  }

  /** Appends a line for a host, in one write, as other programs may do the same at the same time. */
  learn(name: string, key: string, text: string): Promise<void> {
    const learnt = this.#last
      .catch(() => {})
      .then(() => (this.has(name, key) ? undefined : this.#append(text)));
    this.#last = learnt;
    return learnt;
  }

  async #append(text: string): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const handle = await open(this.path, "a+", 0o600);
    try {
      const { size } = await handle.stat();
      const end = Buffer.alloc(1);
      if (size > 0) await handle.read(end, 0, 1, size - 1);
      const unfinished = size > 0 && end[0] !== 0x0a;
      await handle.write(`${unfinished ? "\n" : ""}${text}\n`);
    } finally {
      await handle.close();
    }
    this.#add(text);
  }
}

/** The files that count for one host, the user's before those of the machine. */
export class KnownHosts {
  readonly #files: readonly KnownHostsFile[];

  constructor(files: readonly KnownHostsFile[]) {
    this.#files = files;
  }

  /**
   * What is known of a host with this key. `names`: as entryName gives it, then others that will do as well where
   * that one has no key at all. A key that is revoked for any of them is revoked.
   */
  verdict(names: readonly [string, ...string[]], key: Buffer): Verdict {
    const text = key.toString("base64");
    const ofKey = names.map((name) => this.#files.flatMap((file) => file.linesOf(text, name)));
    const vouching = ofKey.map((lines) => lines.some(({ marker }) => marker === undefined));
    const revoked = ofKey.flat().find(({ marker }) => marker === "revoked");
    if (revoked) return { is: "revoked", line: revoked };
    if (vouching[0]) return { is: "known" };
    const lines = this.#linesFor(names[0], true);
    const others = lines.filter(({ marker }) => marker === undefined);
    const type = typeOf(key);
    const other = others.find((line) => typeOf(Buffer.from(line.key, "base64")) === type) ?? others[0];
    if (other) return { is: "changed", line: other };
    if (vouching.includes(true)) return { is: "known" };
    return { is: "unknown", authority: lines.find(({ marker }) => marker === "cert-authority") };
  }

  /** Types of the keys that are known for a host; those of hashed lines only if asked for, as it is slow. */
  types(name: string, withHashed: boolean): string[] {
    const lines = this.#linesFor(name, withHashed).filter(({ marker }) => marker === undefined);
    return [...new Set(lines.map(({ key }) => typeOf(Buffer.from(key, "base64"))))];
  }

  #linesFor(name: string, withHashed: boolean): KnownHostsLine[] {
    return this.#files.flatMap((file) => file.linesFor(name, withHashed));
  }

  /** Adds a key to the first file, and returns that file's name; undefined when there is no file. */
  async learn(name: string, key: Buffer, hash: boolean): Promise<string | undefined> {
    const file = this.#files[0];
    if (!file) return undefined;
    const salt = randomBytes(20);
    const written = hash ? `|1|${salt.toString("base64")}|${hashed(name, salt).toString("base64")}` : name;
    const text = key.toString("base64");
    await file.learn(name, text, `${written} ${typeOf(key)} ${text}`);
    return file.path;
  }
}

/** Reads each file once, whatever number of hosts it is for. */
export class KnownHostsFiles {
  readonly #read = new Map<string, Promise<KnownHostsFile>>();

  /** `user`: the files of which the first one takes new keys; `global`: those of the machine. */
  async load(user: readonly string[], global: readonly string[]): Promise<KnownHosts> {
    const files = [...user, ...global].map((path) => {
      const known = this.#read.get(path);
      if (known) return known;
      const file = KnownHostsFile.read(path);
      this.#read.set(path, file);
      return file;
    });
    return new KnownHosts(await Promise.all(files));
  }
}
