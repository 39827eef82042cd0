// This machine as a build host.

import type { BuildHost } from "../../lib/build-host.js";
import { LocalTransport } from "../../lib/transport/local.js";
import { readScript } from "../../lib/transport/script-output.js";

const transport = new LocalTransport();

export const localBuildHost: BuildHost = {
  name: "this machine",
  isHere: true,
  run: (script, task, take) =>
    readScript(transport, { host: "@local", transport: "local" }, script, task, take),
};
