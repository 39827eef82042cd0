// What one more host costs es-pip where the version is there already.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bins } from "../../lab/program.js";
import { tiny } from "../../lab/tiny.js";
import type { Bench } from "../comparison.js";
import { timeCommand } from "../time-command.js";

const python = "/usr/bin/python3";
const few = 10;
const many = 50;

export const bench: Bench = {
  async make(folder) {
    const [, wheel] = tiny(join(folder, "index"));
    const venv = join(folder, "srv", "a0");
    const pip = join(venv, "bin", "pip");
    execFileSync(python, ["-m", "venv", venv]);
    const from = ["--isolated", "--no-index", "--find-links", join(folder, "index")];
    execFileSync(pip, ["install", "--quiet", ...from, wheel?.path ?? ""]);
    // Each host has a virtualenv of its own.
    const records = Array.from({ length: many }, (_, place) => {
      const path = join(folder, "srv", `a${place}`);
      if (place > 0) execFileSync("cp", ["-a", "--reflink=auto", venv, path]);
      return `${JSON.stringify({ host: "@local", transport: "local", venv: { name: `a${place}`, path } })}\n`;
    });
    const inputOf = (count: number) => {
      const file = join(folder, `records-${count}`);
      writeFileSync(file, records.slice(0, count).join(""));
      return file;
    };
    const inputs = [inputOf(few), inputOf(many)] as const;
    const index = ["--index", "http://127.0.0.1:9/simple/"];
    const ours = [process.execPath, join(bins, "es-pip"), "-q", ...index, "tiny==1.0"];
    return [
      {
        what: "es-pip, version already there, one more host",
        against: "pip install of the same",
        budget: 0.1,
        binding: true,
        pairs: 7,
        ours: async () => {
          const [some, all] = [
            await timeCommand(ours, { folder, input: inputs[0] }),
            await timeCommand(ours, { folder, input: inputs[1] }),
          ];
          return (all - some) / (many - few);
        },
        theirs: () => timeCommand([pip, "install", "--quiet", ...from, "tiny==1.0"], { folder }),
      },
    ];
  },
};
