// A step that looks at nothing and does nothing.

import { run } from "../../../lib/cli.js";
import { eachRecord } from "../../../lib/step.js";

const command = { name: "es-pass", summary: "pass on", usage: [""], operands: [0, 0], options: {} } as const;

run(command, async ({ context }) =>
  eachRecord(context, {
    reads: [],
    work: async () => ({ changed: false, said: "passed on", trace: false }),
  }),
);
