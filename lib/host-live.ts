// Which side the balancers serve, for es-live and for es: each of them is asked.

import { asFailure, type Failure } from "./base/failure.js";
import { Gate } from "./base/gate.js";
import type { Context } from "./cli.js";
import type { Flags, switchFileOptions } from "./flags.js";
import { nginxFor, switchFileFor } from "./host-nginx.js";
import type { Hosts } from "./host-step.js";
import { type Host, selectHosts } from "./hosts/inventory.js";
import { liveSide, type Seen } from "./nginx/live.js";
import { readSides, type Side } from "./nginx/sides.js";
import { within } from "./step.js";
import { labelOf } from "./stream/table.js";
import { runScript } from "./transport/run-script.js";

/** What is told on a command line; nothing of it needs to be. */
export interface Asked {
  /** Roles and hosts. */
  balancers?: readonly string[];
  /** Names of sides, with their upstreams. */
  sides?: Readonly<Record<string, string>>;
  files?: Flags<typeof switchFileOptions>;
}

/** The side that nginx serves, and the other one. */
export interface Served {
  live: Side;
  idle: Side;
}

const noFiles = { bin: undefined, conf: undefined, "switch-conf": undefined };

/**
 * What asks all balancers which side they serve. It resolves to a Failure where one of them cannot tell, or they
 * disagree. Throws UsageError for a configuration that names no two sides, or no balancers.
 */
export function sideFinder(
  context: Pick<Context, "name" | "jobs" | "timeout" | "interrupt">,
  { settings, transport }: Hosts,
  { balancers: words = [], sides: table, files = noFiles }: Asked = {},
): () => Promise<Served | Failure> {
  const { nginx, roles } = settings.config.values;
  const sides = readSides(table ?? nginx?.sides);
  const { bin, conf } = nginxFor(settings, files);
  const args = [bin, conf, switchFileFor(settings, files), ...sides.map(({ upstream }) => upstream)];
  const named = words.length > 0 ? words : [nginx?.role ?? "nginx"];
  const balancers = selectHosts(
    named.map((word) => ({ word })),
    roles ?? {},
    {},
  );
  const gate = new Gate(context.jobs);

  /** What a balancer serves. */
  const look = async (balancer: Host, signal: AbortSignal): Promise<Seen> => {
    const label = labelOf({ ...balancer });
    const place = await gate.enter(signal);
    try {
      const script = {
        parts: [
          "processes",
          "nginx",
          "nginx-lock",
          "nginx-file",
          "nginx-names",
          "nginx-loaded",
          "nginx-note",
          "nginx-live",
        ],
        args,
        code: "live-failed",
      };
      const task = { signal, plan: true, show: undefined };
      const results = await runScript(transport, balancer, script, task);
      return { label, upstream: results.get("upstream") ?? "" };
    } catch (error) {
      return { label, upstream: asFailure(error) };
    } finally {
      place.leave();
    }
  };

  return () =>
    within(context, async (signal) => {
      const seen = await Promise.all(balancers.map((balancer) => look(balancer, signal)));
      const live = liveSide(seen, sides);
      return { live, idle: sides[0] === live ? sides[1] : sides[0] };
    });
}
