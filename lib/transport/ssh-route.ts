// The hosts on the way to a host: ProxyJump of ssh_config(5).

import { Failure } from "../base/failure.js";
import { Gate } from "../base/gate.js";
import type { Target } from "./contract.js";
import type { SshSettings, SshSettingsReader } from "./ssh-settings.js";

/** Calls of ssh under way. */
const settingsReadAtOnce = 4;

/** A host on the way, or at its end. */
export interface Stop {
  target: Target;
  settings: SshSettings;
}

/** What tells targets apart. */
export function nameOf({ user, host, port }: Target): string {
  return JSON.stringify([user, host, port]);
}

export class Routes {
  readonly #reader: SshSettingsReader;
  readonly #reading = new Gate(settingsReadAtOnce);

  constructor(reader: SshSettingsReader) {
    this.#reader = reader;
  }

  /**
   * The hosts on the way to a target, the nearest first, and the target. As ssh does: the first host that
   * ProxyJump names is reached as its own settings say, those after it through the ones before. Throws Failure:
   * unreachable for a circle, and what reading settings throws.
   */
  async to(target: Target, signal: AbortSignal, behind: readonly string[] = []): Promise<Stop[]> {
    const name = nameOf(target);
    if (behind.includes(name))
      throw new Failure(
        "unreachable",
        `ssh's configuration goes in a circle: ProxyJump leads back to ${target.host}`,
      );
    const stop = await this.#stop(target, signal);
    const [first, ...others] = stop.settings.jumps;
    if (!first) return [stop];
    const way = await this.to(first, signal, [...behind, name]);
    for (const hop of others) way.push(await this.#stop(hop, signal));
    return [...way, stop];
  }

  async #stop(target: Target, signal: AbortSignal): Promise<Stop> {
    const place = await this.#reading.enter(signal);
    return { target, settings: await this.#reader.settingsFor(target).finally(place.leave) };
  }
}
