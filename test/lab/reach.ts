// Reaching the lab's hosts by our own ssh transport.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext } from "node:test";
import type { Failure } from "../../lib/base/failure.js";
import type { Target, Transport } from "../../lib/transport/contract.js";
import { OpensshTransport } from "../../lib/transport/openssh.js";
import { SshTransport } from "../../lib/transport/ssh.js";
import { scratch } from "./program.js";
import { type LabHost, type SshdOptions, type SshLab, startSshd } from "./sshd.js";

export interface Started {
  readonly lab: SshLab;
  host(place: number): LabHost;
}

/** A lab for the tests of one suite. */
export function labFor(options: SshdOptions): Started {
  let started: SshLab | undefined;
  before(async () => {
    started = await startSshd(options);
  });
  after(() => started?.stop());
  const lab = () => {
    assert.ok(started, "the lab runs");
    return started;
  };
  return {
    get lab() {
      return lab();
    },
    host: (place) => {
      const host = lab().hosts[place];
      assert.ok(host, `the lab has a host ${place}`);
      return host;
    },
  };
}

export function targetOf({ address, user, port }: LabHost): Target {
  return { host: address, user, port };
}

/** The ways of ssh, which keep the same contract. */
export const ways = ["ssh2", "openssh"] as const;
export type Way = (typeof ways)[number];

/** Whom to ask where nobody is to be asked, also when the tests run on a terminal. */
const nobody = { isThere: false, isAsking: false, ask: async () => undefined };

/** A transport by a file for ssh -F; it ends with the test. */
export function transportBy(way: Way, t: TestContext, config: string, acceptNew = false): Transport {
  const Kind = way === "ssh2" ? SshTransport : OpensshTransport;
  const transport = new Kind({ config, acceptNew, asker: nobody });
  t.after(() => transport.close());
  return transport;
}

/**
 * A transport that ends with the test. `lines`, which may be Host blocks, go before those of the lab's ssh_config,
 * and so count first.
 */
export function transportFor(
  t: TestContext,
  lab: SshLab,
  lines = "",
  acceptNew = false,
  way: Way = "ssh2",
): Transport {
  const config = join(scratch(t), "ssh_config");
  writeFileSync(config, `${lines}\nHost *\n${readFileSync(lab.sshConfig, "utf8")}`);
  return transportBy(way, t, config, acceptNew);
}

/** The Failure with which a promise rejects. */
export function failureOf(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    (value) => assert.fail(`no failure, but ${JSON.stringify(value)}`),
    (error: Failure) => error,
  );
}
