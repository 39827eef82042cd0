// Makes as many records as it is told.

import { run } from "../../../lib/cli.js";
import { wholeNumber } from "../../../lib/flags.js";
import { produce } from "../../../lib/step.js";

const command = {
  name: "es-make",
  summary: "make records",
  usage: ["N"],
  operands: [1, 1],
  options: {},
} as const;

run(command, async ({ args: [count = ""], context }) => {
  const size = wholeNumber("N", count, 0);
  return produce(
    context,
    Array.from({ length: size }, (_, i) => ({ host: `h${i}`, batch: { id: "made", size } })),
  );
});
