// Reaching the lab's hosts by our own ssh transport.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext } from "node:test";
import type { Failure } from "../../lib/base/failure.js";
import type { Target, Transport } from "../../lib/transport/contract.js";
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

/**
 * A transport that ends with the test. `lines`, which may be Host blocks, go before those of the lab's ssh_config,
 * and so count first.
 */
export function transportFor(t: TestContext, lab: SshLab, lines = "", acceptNew = false): Transport {
  const config = join(scratch(t), "ssh_config");
  writeFileSync(config, `${lines}\nHost *\n${readFileSync(lab.sshConfig, "utf8")}`);
  const transport = new SshTransport({ config, acceptNew });
  t.after(() => transport.close());
  return transport;
}

/** The Failure with which a promise rejects. */
export function failureOf(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    (value) => assert.fail(`no failure, but ${JSON.stringify(value)}`),
    (error: Failure) => error,
  );
}
