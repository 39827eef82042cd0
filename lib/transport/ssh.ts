// The transport by ssh2.

import { Failure } from "../base/failure.js";
import type { Channel, SshOptions, Target, Transport } from "./contract.js";

export class SshTransport implements Transport {
  readonly options: SshOptions;
  constructor(options: SshOptions) {
    this.options = options;
  }
  async start(target: Target): Promise<Channel> {
    throw new Failure("unreachable", `${target.host}: ssh is not built yet`);
  }
  async close(): Promise<void> {}
}
