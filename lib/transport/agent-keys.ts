// The keys that an agent shows (draft-ietf-sshm-ssh-agent, "Requesting a list of keys"). ssh2's own question leaves
// out, without a word, what it cannot use: certificates, and security keys.

import { once } from "node:events";
import { connect } from "node:net";
import { abortable } from "../base/abort.js";
import { ByteReader, EndOfBytes } from "../base/bytes.js";
import { Fields } from "./ssh-fields.js";

/** A public key, or a certificate, as RFC 4253 section 6.6 writes it. */
export interface AgentKey {
  blob: Buffer;
  comment: string;
}

const requestIdentities = 11;
const identitiesAnswer = 12;
/** Bytes of an answer that are read at most, as by OpenSSH. */
const longestAnswer = 256 * 1024;

function keysIn(answer: Buffer): AgentKey[] {
  const fields = new Fields(answer, 1);
  const keys: AgentKey[] = [];
  for (let left = fields.number(); left > 0; left--) {
    const blob = fields.string();
    keys.push({ blob, comment: fields.string().toString() });
  }
  return keys;
}

/** Asks the agent at a socket. Throws Error, also for an answer that is none; the abort's reason. */
export async function agentKeys(path: string, signal: AbortSignal): Promise<AgentKey[]> {
  const socket = connect(path);
  try {
    await abortable(once(socket, "connect"), signal);
    socket.write(Buffer.of(0, 0, 0, 1, requestIdentities));
    const reader = new ByteReader(socket as AsyncIterable<Buffer>);
    const size = (await abortable(reader.bytes(4), signal)).readUInt32BE(0);
    if (size === 0 || size > longestAnswer) throw new Error(`it gives an answer of ${size} bytes`);
    const answer = await abortable(reader.bytes(size), signal);
    if (answer[0] !== identitiesAnswer) throw new Error("it shows no keys");
    return keysIn(answer);
  } catch (error) {
    if (error instanceof EndOfBytes || error instanceof RangeError)
      throw new Error("its answer ends too early");
    throw error;
  } finally {
    socket.destroy();
  }
}
