// What steps and es-session say to each other over the session's socket. es-session(1) tells the same to users.
//
// Frames go both ways. All numbers are unsigned, the most significant byte first:
//
//   length   4 bytes   of the rest of the frame, 5 to 1 MiB
//   kind     1 byte    below
//   number   4 bytes   what was asked for: the step counts up from 1; 0 in a hello and of an event
//   body
//
//   kind       from     body
//   0 hello    both     JSON {protocol}: the step's comes first
//   1 start    step     JSON {target, command, use, ssh}: open a channel; use: passing or lasting
//   2 done     session  nothing: the channel is open, the place taken, the lock held
//   3 failed   session  JSON {code, message, details}: it is not, or is no more
//   4 data     both     stream, 1 byte (0 stdin, 1 stdout, 2 stderr), and at most 32 KiB of it
//   5 end      both     stream: no more of it comes
//   6 credit   both     stream, and 4 bytes: so many bytes more of it may be sent
//   7 exit     session  JSON {status, signal}: how the command ended; output may still follow
//   8 drop     step     nothing: what was asked for is of no use any more, also while it is waited for
//   9 place    step     nothing: ask for one of the session's places, for the work on one host
//   10 lock    step     JSON {target, ssh, venv, wait}: have the lock of a virtualenv taken, to the session's end
//   11 event   both     JSON: what a step does just now, number 0; passed on to all who watch, under their number
//   12 watch   step     nothing: be told the events of all steps
//   13 hold    both     nothing: let nobody draw on the terminal until this is dropped; the session asks those who
//                       watch under their number, who answer with the same frame as soon as they do not draw
//   14 resume  session  nothing: whoever watches may draw again
//
// Flow control: of each stream of a channel, 256 KiB may be sent at first, and more only against credit, which
// is given as the bytes are taken. So neither side ever holds more of a stream than that. A side that breaks
// these rules, or another protocol number in the hello, ends the connection. A step whose connection ends has
// its places back, and its commands are ended through their stdin.

import type { Socket } from "node:net";
import { isObject, type JsonObject } from "../base/json.js";
import { gatherWrites } from "./gather-writes.js";

export const protocol = 3;

export const kind = {
  hello: 0,
  start: 1,
  done: 2,
  failed: 3,
  data: 4,
  end: 5,
  credit: 6,
  exit: 7,
  drop: 8,
  place: 9,
  lock: 10,
  event: 11,
  watch: 12,
  hold: 13,
  resume: 14,
} as const;
export type Kind = (typeof kind)[keyof typeof kind];

export const streams = { stdin: 0, stdout: 1, stderr: 2 } as const;
export type StreamNumber = (typeof streams)[keyof typeof streams];

/** Bytes of a stream that may be sent without credit. */
export const initialCredit = 256 * 1024;
/** Bytes of a stream in one frame at most. */
export const longestData = 32 * 1024;
const longestFrame = 1024 * 1024;
const headSize = 9;

export interface Frame {
  kind: number;
  number: number;
  body: Buffer;
}

/** The other side does not keep to the protocol; the connection is to be ended. */
export class ProtocolError extends Error {}

/** One end of a connection: frames in, frames out. */
export class Link {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    gatherWrites(socket);
  }

  send(kind: Kind, number: number, ...parts: Buffer[]): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    const head = Buffer.alloc(headSize);
    head.writeUInt32BE(
      parts.reduce((sum, part) => sum + part.length, headSize - 4),
      0,
    );
    head.writeUInt8(kind, 4);
    head.writeUInt32BE(number, 5);
    // What may wait here is bounded by the credits.
    for (const part of [head, ...parts]) if (part.length > 0) this.#socket.write(part);
  }

  sendJson(kind: Kind, number: number, value: object): void {
    this.send(kind, number, Buffer.from(JSON.stringify(value)));
  }

  sendData(number: number, stream: StreamNumber, bytes: Buffer): void {
    this.send(kind.data, number, Buffer.of(stream), bytes);
  }

  sendEnd(number: number, stream: StreamNumber): void {
    this.send(kind.end, number, Buffer.of(stream));
  }

  sendCredit(number: number, stream: StreamNumber, bytes: number): void {
    const body = Buffer.alloc(5);
    body.writeUInt8(stream, 0);
    body.writeUInt32BE(bytes, 1);
    this.send(kind.credit, number, body);
  }

  /**
   * Gives each frame that comes to `take`. Where that throws, or a frame is none, the connection is ended at once
   * and `refuse` is told why.
   */
  receive(take: (frame: Frame) => void, refuse: (error: Error) => void): void {
    let rest: Buffer = Buffer.alloc(0);
    this.#socket.on("data", (chunk: Buffer) => {
      rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      try {
        while (rest.length >= headSize) {
          const length = rest.readUInt32BE(0);
          if (length < headSize - 4 || length > longestFrame)
            throw new ProtocolError(`a frame of ${length} bytes`);
          if (rest.length < 4 + length) return;
          const body = rest.subarray(headSize, 4 + length);
          const frame = { kind: rest.readUInt8(4), number: rest.readUInt32BE(5), body };
          rest = rest.subarray(4 + length);
          take(frame);
        }
      } catch (error) {
        // What has been said to it may tell why.
        this.#socket.uncork();
        this.#socket.destroy();
        refuse(error as Error);
      }
    });
  }
}

/** The body of a frame that holds an object. Throws ProtocolError. */
export function jsonOf({ body }: Frame): JsonObject {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (isObject(value)) return value as JsonObject;
  } catch {
    // the same as any other value
  }
  throw new ProtocolError("a frame that is no JSON object");
}

/** The stream that a frame is about, and the rest of its body. Throws ProtocolError. */
export function streamOf({ body }: Frame): { stream: number; rest: Buffer } {
  if (body.length === 0) throw new ProtocolError("a frame without the number of its stream");
  return { stream: body.readUInt8(0), rest: body.subarray(1) };
}

/** The bytes that a frame of kind credit gives. Throws ProtocolError. */
export function creditOf(rest: Buffer): number {
  if (rest.length !== 4) throw new ProtocolError("credit without a number");
  return rest.readUInt32BE(0);
}
