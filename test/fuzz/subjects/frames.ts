// What comes over the socket of a session: the input is bytes of a connection.

import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { Duplex, PassThrough } from "node:stream";
import type { Channel } from "../../../lib/transport/contract.js";
import {
  creditOf,
  type Frame,
  jsonOf,
  type Kind,
  kind,
  Link,
  ProtocolError,
  streamOf,
} from "../../../lib/transport/session-protocol.js";
import { ServedChannel } from "../../../lib/transport/session-served.js";
import { namesOfObjects, type Subject } from "../subject.js";

/** A connection of which we are the other end. */
class Connection extends Duplex {
  readonly sent: Buffer[] = [];
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: unknown, done: () => void): void {
    this.sent.push(chunk);
    done();
  }
}

function linkOf(connection: Connection): Link {
  return new Link(connection as unknown as Socket);
}

/** The frames of the bytes, as they come in pieces; and whether the rest was refused. */
function framesOf(input: Buffer, step: number): { frames: Frame[]; refused: boolean } {
  const connection = new Connection();
  connection.on("error", () => {});
  const frames: Frame[] = [];
  let refused = false;
  linkOf(connection).receive(
    (frame) => frames.push({ ...frame, body: Buffer.from(frame.body) }),
    (error) => {
      assert.ok(error instanceof ProtocolError, error);
      refused = true;
    },
  );
  for (let at = 0; at < input.length && !refused; at += step)
    connection.emit("data", input.subarray(at, at + step));
  return { frames, refused };
}

function bytesOf(frames: readonly Frame[]): Buffer {
  const connection = new Connection();
  const link = linkOf(connection);
  for (const frame of frames) link.send(frame.kind as Kind, frame.number, frame.body);
  connection.uncork();
  return Buffer.concat(connection.sent);
}

/** What is only thrown where a frame breaks the rules. */
function unlessBroken<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    assert.ok(error instanceof ProtocolError, error as Error);
    return undefined;
  }
}

/** A channel of a command that takes all, and says nothing. */
function silentChannel(): Channel {
  const stdin = new PassThrough();
  stdin.resume();
  return {
    stdin,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    ended: new Promise(() => {}),
    destroy: () => stdin.destroy(),
  };
}

const frame = (number: number, body: string | Buffer, of: number) => {
  const head = Buffer.alloc(9);
  head.writeUInt32BE(5 + Buffer.byteLength(body), 0);
  head.writeUInt8(of, 4);
  head.writeUInt32BE(number, 5);
  return Buffer.concat([head, Buffer.from(body)]);
};

export const frames: Subject = {
  name: "frames",
  cases: 20_000,
  words: [
    frame(0, '{"protocol":2}', kind.hello),
    ...Object.values(kind).map((of) => frame(1, "", of)),
    ...Object.values(kind).map((of) => frame(1, "{}", of)),
    ...namesOfObjects.map((name) => frame(1, `{"${name}":{"x":1}}`, kind.start)),
    frame(1, Buffer.alloc(32 * 1024 + 1), kind.data),
    frame(1, Buffer.of(0, 0xff, 0xff, 0xff, 0xff), kind.credit),
    frame(1, Buffer.of(0), kind.end),
    ...[
      Buffer.of(0, 0, 0, 4),
      Buffer.of(0, 16, 0, 0),
      Buffer.of(0xff, 0xff, 0xff, 0xff),
      "[",
      "GET / HTTP/1.1\r\n\r\n",
    ],
  ],
  open: async () => ({
    async read(input) {
      const { frames, refused } = framesOf(input, input.length + 1);
      const step = Math.max(11, input.length / 500);
      assert.deepEqual(framesOf(input, Math.ceil(step)), { frames, refused }, "the cut of the bytes counts");
      const bytes = bytesOf(frames);
      assert.ok(input.subarray(0, bytes.length).equals(bytes), "frames do not come through whole");
      const channel = new ServedChannel(linkOf(new Connection()), 1, () => {});
      void channel.serve(async () => silentChannel());
      for (const one of frames) {
        unlessBroken(() => jsonOf(one));
        unlessBroken(() => creditOf(streamOf(one).rest));
        // The first one that breaks the rules ends the connection.
        if (unlessBroken(() => channel.take(one) ?? true) === undefined) break;
      }
      channel.drop();
      return frames.length > 0 && !refused;
    },
  }),
};
