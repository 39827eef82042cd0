// A step that says hello on each host, where ssh's settings come from, and how long it would wait and work.

import { once } from "node:events";
import { run } from "../../../lib/cli.js";
import { hostOptions, waitOption } from "../../../lib/flags.js";
import { onHosts } from "../../../lib/host-step.js";
import { eachRecord } from "../../../lib/step.js";

const command = {
  name: "es-reach",
  summary: "say hello on each host",
  usage: [""],
  operands: [0, 0],
  options: { ...hostOptions, ...waitOption },
} as const;

run(command, async ({ flags, context }) =>
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
        const waits = transport.locks?.wait ?? null;
        const seconds = context.timeout / 1000;
        const fields = { said: String(said), from: from ?? null, waits, seconds };
        return { fields, changed: false, said: "greeted" };
      },
    }),
  ),
);
