// A step that runs an empty script on each host: what every step costs, without its own work.

import { run } from "../../../lib/cli.js";
import { hostOptions } from "../../../lib/flags.js";
import { onHosts } from "../../../lib/host-step.js";
import { eachRecord } from "../../../lib/step.js";
import { runScript } from "../../../lib/transport/run-script.js";

const command = {
  name: "es-nothing",
  summary: "run an empty script on each host",
  usage: [""],
  operands: [0, 0],
  options: hostOptions,
} as const;

run(command, async ({ flags, context }) =>
  onHosts(context, flags, ({ transport }) =>
    eachRecord(context, {
      reads: ["host", "user", "port", "transport", "become"],
      work: async (record, task) => {
        await runScript(transport, record, { parts: [], args: [], code: "failed" }, task);
        return { changed: false, said: "nothing done" };
      },
    }),
  ),
);
