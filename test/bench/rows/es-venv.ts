// The first creation of a virtualenv, with its pip, where the host has nothing but its Python.

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bins } from "../../lab/program.js";
import type { Bench } from "../comparison.js";
import { timeCommand } from "../time-command.js";

const python = "/usr/bin/python3";

export const bench: Bench = {
  async make(folder) {
    const input = join(folder, "record");
    writeFileSync(input, `${JSON.stringify({ host: "@local", transport: "local" })}\n`);
    const prefix = join(folder, "srv");
    const timeCreation = async (command: readonly string[]) => {
      const ms = await timeCommand(command, { folder, input });
      rmSync(prefix, { recursive: true });
      return ms;
    };
    const ours = [process.execPath, join(bins, "es-venv"), "-q", "--python", python, "--prefix", prefix, "a"];
    return [
      {
        what: "es-venv, first creation, pip included",
        against: "python3 -m venv",
        budget: 0.2,
        binding: true,
        pairs: 7,
        ours: () => timeCreation(ours),
        theirs: () => timeCreation([python, "-m", "venv", join(prefix, "a")]),
      },
    ];
  },
};
