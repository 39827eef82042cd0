// A file that IdentityFile names: a private key to log in with, or why it cannot be used.

import { createPrivateKey, sign } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import ssh2, { type ParsedKey } from "ssh2";
import type { Asker } from "./asker.js";
import { typeOf } from "./known-hosts.js";
import { LockedKey, publicHalf } from "./locked-key.js";

/** The way on for what ssh2 has not, or not as ssh has. */
export const opensshCan = "--ssh openssh can use it";

export interface KeyFile {
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
export async function readKeyFile(path: string, asker: Asker): Promise<KeyFile | undefined> {
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
