// The verdict on the key that a host shows, as ssh's settings and known_hosts have it, and its sentence.

import { Failure } from "../base/failure.js";
import { showCommand } from "../base/quote.js";
import { entryName, fingerprint, type KnownHosts, typeOf } from "./known-hosts.js";
import { whereabouts } from "./ssh-reach.js";
import type { SshSettings } from "./ssh-settings.js";

/** Checks the host's key; `failure` tells why it was refused, `learn` that it is to be remembered. */
export class HostKeyCheck {
  failure: Failure | undefined;
  /** Types of keys that are known for the host, when it showed one of another type. */
  otherTypes: string[] = [];
  learn: Buffer | undefined;
  readonly #host: string;
  readonly #settings: SshSettings;
  readonly #known: KnownHosts;

  constructor(host: string, settings: SshSettings, known: KnownHosts) {
    this.#host = host;
    this.#settings = settings;
    this.#known = known;
  }

  /** The name for which a key is remembered, and others whose key will do. */
  get names(): [string, ...string[]] {
    const { hostKeyAlias, hostname, port } = this.#settings;
    if (hostKeyAlias !== undefined) return [hostKeyAlias.toLowerCase()];
    const name = entryName(hostname, port);
    return port === 22 ? [name] : [name, entryName(hostname, 22)];
  }

  types(withHashed: boolean): string[] {
    return this.#known.types(this.names[0], withHashed);
  }

  check(key: Buffer): boolean {
    const verdict = this.#known.verdict(this.names, key);
    this.failure = undefined;
    if (verdict.is === "known") return true;
    if (verdict.is === "unknown") {
      if (this.#settings.acceptNew) this.learn = key;
      else this.failure = this.#unknown(key, verdict.authority !== undefined);
      return this.#settings.acceptNew;
    }
    const { file, line } = verdict.line;
    const where = whereabouts(this.#host, this.#settings);
    if (verdict.is === "revoked")
      this.failure = new Failure(
        "host-key-revoked",
        `the key of ${where}, ${fingerprint(key)}, is revoked in ${file} line ${line}: do not use this host`,
      );
    else {
      const types = this.types(true);
      if (!types.includes(typeOf(key))) this.otherTypes = types;
      const known = fingerprint(Buffer.from(verdict.line.key, "base64"));
      const mend = showCommand(["ssh-keygen", "-R", this.names[0], "-f", file]);
      this.failure = new Failure(
        "host-key-changed",
        `the key of ${where} is ${fingerprint(key)}, but ${file} line ${line} has ${known}: the host was set up anew, or somebody is in between; if the new key is right: ${mend}`,
      );
    }
    return false;
  }

  #unknown(key: Buffer, authority: boolean): Failure {
    const { unusedForHostKey } = this.#settings;
    const type = typeOf(key).replace(/^ssh-|-.*/g, "");
    const remarks = [
      ...(authority ? ["certificates of hosts are checked by --ssh openssh only"] : []),
      ...unusedForHostKey.map((setting) => `${setting} is heeded by --ssh openssh only`),
    ];
    const remark = remarks.map((text) => ` (${text})`).join("");
    return new Failure(
      "host-key-unknown",
      `the key of ${whereabouts(this.#host, this.#settings)} is in no known_hosts file${remark}: ${fingerprint(key)}; compare it with what ssh-keygen -lf /etc/ssh/ssh_host_${type}_key.pub says there, then run again with --accept-new`,
    );
  }

  /**
   * To be called when the host has proved that it has the key. Throws Failure "host-key-unknown" where the key cannot
   * be written down: taken as new each time, a change of it would never be seen.
   */
  async remember(): Promise<void> {
    if (!this.learn) return;
    try {
      await this.#known.learn(this.names[0], this.learn, this.#settings.hashKnownHosts);
    } catch (error) {
      const where = whereabouts(this.#host, this.#settings);
      throw new Failure(
        "host-key-unknown",
        `the key of ${where}, ${fingerprint(this.learn)}, is new and cannot be learnt: ${(error as Error).message}; for keys that are not to be kept, set UserKnownHostsFile /dev/null`,
      );
    }
  }
}
