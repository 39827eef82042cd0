// Many small writes become one system call.

import type { Duplex } from "node:stream";

/** From now on, what is written to the stream by one callback leaves together when that ends. */
export function gatherWrites(stream: Duplex): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let gathering = false;
  const leave = () => {
    gathering = false;
    stream.uncork();
  };
  stream.write = (...args: unknown[]) => {
    if (!gathering) {
      gathering = true;
      stream.cork();
      process.nextTick(leave);
    }
    return write(...args);
  };
}
