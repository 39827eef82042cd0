// How long each executable needs to say how it is used, against a Node that does nothing.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { bins } from "../../lab/program.js";
import type { Bench } from "../comparison.js";
import { timeCommand } from "../time-command.js";

export const bench: Bench = {
  async make(folder) {
    return readdirSync(bins).map((name) => ({
      what: `${name} --help`,
      against: "node -e 0",
      budget: 1.4,
      binding: true,
      pairs: 9,
      ours: () => timeCommand([process.execPath, join(bins, name), "--help"], { folder }),
      theirs: () => timeCommand([process.execPath, "-e", "0"], { folder }),
    }));
  },
};
