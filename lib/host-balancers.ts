// The balancers of a batch of records, as the switch wants them: each phase is a script on the record's host.

import { Readable } from "node:stream";
import { Failure } from "./base/failure.js";
import type { Gate } from "./base/gate.js";
import type { Balancer, Names, Phase, Said } from "./nginx/balancer.js";
import { compose } from "./remote/compose.js";
import type { Target, Transport } from "./transport/contract.js";
import { hold } from "./transport/hold.js";
import { type Circumstances, runScript, type ScriptRun } from "./transport/run-script.js";

/** Which nginx, and how it is asked for what it serves. */
export interface Nginx {
  bin: string;
  conf: string;
  switchConf: string;
  /** The URL and what its page must contain. */
  probe: readonly [url: string, expect: string];
}

/** Seconds in which a page must be seen; until then users may see what they should not. */
const probeTime = 5;

/** How many run at once; what waits for its end does not count. */
async function inTurn<T>(gate: Gate, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const place = await gate.enter(signal);
  try {
    return await work();
  } finally {
    place.leave();
  }
}

/** Takes something by a script that holds it. Resolves, when it has it, to what ends that. */
async function take(
  transport: Transport,
  target: Target,
  script: ScriptRun,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const end = new AbortController();
  const giveUp = () => end.abort(signal.reason);
  signal.addEventListener("abort", giveUp);
  let over: Promise<unknown> = Promise.resolve();
  try {
    await new Promise<void>((resolve, reject) => {
      over = hold(transport, target, script, end.signal, resolve).then(reject);
    });
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
  return async () => {
    end.abort(new Failure("cancelled", "the lock is not needed any more"));
    await over;
  };
}

/** The balancer that a record names. */
export function balancerOf(
  label: string,
  target: Target,
  { bin, conf, switchConf, probe }: Nginx,
  { transport, gate, task }: { transport: Transport; gate: Gate; task: Circumstances },
): Balancer {
  const guard = (id: string) => {
    const { program } = compose({
      parts: ["processes", "nginx", "nginx-file", "nginx-reload", "nginx-note", "nginx-guard"],
      args: [bin, conf, switchConf, id],
      plan: false,
      alone: true,
      note: task.note,
    });
    const bytes = Buffer.from(program);
    return { size: bytes.length, open: () => Readable.from([bytes]) };
  };
  const script = (phase: Phase, names: Names | undefined, args: readonly string[]): ScriptRun => {
    if (phase === "probe")
      return {
        parts: ["nginx-probe"],
        args: [...probe, String(probeTime)],
        code: "probe-failed",
        looks: true,
      };
    const run = {
      parts: [
        "processes",
        "nginx",
        "nginx-lock",
        "nginx-file",
        "nginx-names",
        "nginx-loaded",
        "nginx-reload",
        "nginx-note",
        "nginx-switch",
      ],
      args: [phase, bin, conf, switchConf, names?.from ?? "-", names?.to ?? "-", ...args],
      code: "switch-failed",
    };
    const [, , id = "", seconds] = args;
    return phase === "edit" && seconds !== "0" ? { ...run, payload: guard(id) } : run;
  };
  return {
    label,
    lock: (signal) => {
      const holder = {
        parts: ["processes", "hold", "nginx", "nginx-lock", "nginx-hold"],
        args: [bin, conf],
        code: "lock-failed",
      };
      return inTurn(gate, signal, () => take(transport, target, holder, signal));
    },
    act: (phase, names, args, signal): Promise<Said> =>
      inTurn(gate, signal, () =>
        runScript(transport, target, script(phase, names, args), { ...task, signal }),
      ),
  };
}
