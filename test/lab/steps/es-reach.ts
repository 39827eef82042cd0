// A step that says hello on each host, and where ssh's settings come from.

import { once } from "node:events";
import { run } from "../../../lib/cli.js";
import { hostOptions } from "../../../lib/flags.js";
import { onHosts } from "../../../lib/host-step.js";
import { eachRecord } from "../../../lib/step.js";

const command = {
  name: "es-reach",
  summary: "say hello on each host",
  usage: [""],
  operands: [0, 0],
  options: hostOptions,
} as const;

await run(command, async ({ flags, context }) =>
  onHosts(context, flags, ({ settings, transport }) =>
    eachRecord(context, {
      reads: ["host", "user", "port", "transport"],
      work: async (record, task) => {
        const channel = await transport.start(record, "echo hello", task.signal);
        channel.stderr.resume();
        const [said] = await once(channel.stdout, "data");
        await channel.ended;
        channel.destroy();
        const from = settings.find("sshConfig", { flag: flags["ssh-config"] });
        return { fields: { said: String(said), from: from ?? null }, changed: false, said: "greeted" };
      },
    }),
  ),
);
