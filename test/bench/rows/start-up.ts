// How long each executable needs to say how it is used, against a Node that does nothing.

import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { bins } from "../../lab/program.js";
import type { Bench } from "../comparison.js";
import { timeCommand } from "../time-command.js";

export const bench: Bench = {
  async make(folder) {
    const programs = readdirSync(bins).filter((file) => file.endsWith(".js"));
    return programs.map((file) => ({
      what: `${basename(file, ".js")} --help`,
      against: "node -e 0",
      budget: 1.4,
      binding: false,
      pairs: 9,
      ours: () => timeCommand([process.execPath, join(bins, file), "--help"], { folder }),
      theirs: () => timeCommand([process.execPath, "-e", "0"], { folder }),
    }));
  },
};
