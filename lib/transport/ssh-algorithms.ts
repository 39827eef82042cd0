// The algorithms to offer: those that ssh's configuration allows and ssh2 has, in ssh2's order of speed.

import { createRequire } from "node:module";
import type { Algorithms as Offer } from "ssh2";
import { Failure } from "../base/failure.js";
import type { Algorithms } from "./ssh-settings.js";

// ssh2 tells what it has nowhere else. SUPPORTED_… begins with DEFAULT_….
const has = createRequire(import.meta.url)("ssh2/lib/protocol/constants.js") as {
  [list in `${"DEFAULT" | "SUPPORTED"}_${"KEX" | "CIPHER" | "MAC" | "SERVER_HOST_KEY"}`]: readonly string[];
};

function both(
  what: string,
  allowed: readonly string[] | undefined,
  defaults: readonly string[],
  all: readonly string[],
) {
  const list = allowed ? all.filter((name) => allowed.includes(name)) : [...defaults];
  if (list.length === 0)
    throw new Failure(
      "unreachable",
      `ssh's configuration allows none of the ${what} algorithms that are supported: ${all.join(", ")}; --ssh openssh has more`,
    );
  return list;
}

/** Signature algorithms of a type of key (RFC 8332). */
function isFor(algorithm: string, type: string): boolean {
  return algorithm === type || (type === "ssh-rsa" && algorithm.startsWith("rsa-sha2-"));
}

/** `knownTypes`: types of the host's keys that are known; theirs come first, as the host shows only one key. */
export function offer(allowed: Algorithms | undefined, knownTypes: readonly string[]): Offer {
  const keys = both(
    "host key",
    allowed?.serverHostKey,
    has.DEFAULT_SERVER_HOST_KEY,
    has.SUPPORTED_SERVER_HOST_KEY,
  );
  const isKnown = (algorithm: string) => knownTypes.some((type) => isFor(algorithm, type));
  return {
    kex: both("key exchange", allowed?.kex, has.DEFAULT_KEX, has.SUPPORTED_KEX),
    cipher: both("cipher", allowed?.cipher, has.DEFAULT_CIPHER, has.SUPPORTED_CIPHER),
    hmac: both("MAC", allowed?.hmac, has.DEFAULT_MAC, has.SUPPORTED_MAC),
    serverHostKey: [...keys.filter(isKnown), ...keys.filter((key) => !isKnown(key))],
  } as Offer;
}
