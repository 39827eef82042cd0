// What it costs that ssh2 has no native part where install scripts do not run: log-ins, and bytes to decrypt.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Fleet, startFleet } from "../../lab/fleet.js";
import { bins } from "../../lab/program.js";
import { withoutNative } from "../../lab/without-native.js";
import type { Bench } from "../comparison.js";
import { workOfCommand } from "../time-command.js";

const step = fileURLToPath(new URL("../steps/es-nothing.cjs", import.meta.url));
let fleet: Fleet | undefined;

export const bench: Bench = {
  async make(folder) {
    fleet = await startFleet({ hosts: 100 });
    const { addresses, direct } = fleet;
    const withNative = { ESSAY_SSH_CONFIG: direct.sshConfig };
    const without = { ...withNative, ...withoutNative(join(folder, "hide.cjs")) };
    const recordsFor = (size: number) => {
      const file = join(folder, `records-${size}`);
      const records = addresses.slice(0, size).map((host) => JSON.stringify({ host, transport: "ssh" }));
      writeFileSync(file, `${records.join("\n")}\n`);
      return file;
    };
    const row = (what: string, command: string[], size: number) => {
      const input = recordsFor(size);
      const side = (env: NodeJS.ProcessEnv) => () =>
        workOfCommand([process.execPath, ...command], { folder, env, input });
      const words = { what: `${what}, without ssh2's native part, processor`, against: "with it" };
      return {
        ...words,
        budget: 1.5,
        binding: false,
        pairs: 5,
        ours: side(without),
        theirs: side(withNative),
      };
    };
    return [
      row("step that does nothing, 100 hosts", [step, "-q", "-j", "30"], 100),
      row(
        "es-run, 100 MB of output of one host",
        [join(bins, "es-run"), "-q", "--", "head", "-c", "100000000", "/dev/zero"],
        1,
      ),
    ];
  },

  async end() {
    await fleet?.stop();
  },
};
