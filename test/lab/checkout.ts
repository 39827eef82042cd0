// Commits read on this machine by the real script, for tests of what is made of them.

import type { CheckoutRequest, RunCheckout } from "../../lib/package/checkout.js";
import { LocalTransport } from "../../lib/transport/local.js";
import { readScript } from "../../lib/transport/script-output.js";

/** Runs the script of a checkout here. */
export const runHere: RunCheckout = (script, take) =>
  readScript(
    new LocalTransport(),
    { host: "here", transport: "local" },
    script,
    { signal: new AbortController().signal, plan: false, show: undefined },
    take,
  );

/** The branch master of a folder, with changes. */
export function requestFor(source: string, changes: Partial<CheckoutRequest> = {}): CheckoutRequest {
  return {
    source,
    isFolder: true,
    wanted: { branch: "master" },
    cache: undefined,
    preBuild: undefined,
    project: "essay_demo",
    version: "6.11.21.1",
    settings: [],
    place: "this machine",
    ...changes,
  };
}
