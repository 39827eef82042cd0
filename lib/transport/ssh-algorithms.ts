// The algorithms to offer: those that ssh's configuration allows and ssh2 has, in the order of their speed, which is
// ssh2's but for the key exchange.

import { createRequire } from "node:module";
import type { Algorithms as Offer } from "ssh2";
import { Failure } from "../base/failure.js";
import type { Algorithms } from "./ssh-settings.js";

// ssh2 tells what it has nowhere else. SUPPORTED_… begins with DEFAULT_….
const has = createRequire(import.meta.url)("ssh2/lib/protocol/constants.js") as {
  [list in `${"DEFAULT" | "SUPPORTED"}_${"KEX" | "CIPHER" | "MAC" | "SERVER_HOST_KEY"}`]: readonly string[];
};

/**
 * Where it is allowed, this one comes first. RFC 9142 recommends it as it does curve25519-sha256, and for both sides a
 * log-in takes a seventh less of the processor by it: Node has to write and read a key of the other as a document.
 */
const fastestExchange = "ecdh-sha2-nistp256";

/** Names of key exchanges with the fastest one first. */
function fastestFirst(names: readonly string[]): string[] {
  return [
    ...names.filter((name) => name === fastestExchange),
    ...names.filter((name) => name !== fastestExchange),
  ];
}

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
    kex: fastestFirst(both("key exchange", allowed?.kex, has.DEFAULT_KEX, has.SUPPORTED_KEX)),
    cipher: both("cipher", allowed?.cipher, has.DEFAULT_CIPHER, has.SUPPORTED_CIPHER),
    hmac: both("MAC", allowed?.hmac, has.DEFAULT_MAC, has.SUPPORTED_MAC),
    serverHostKey: [...keys.filter(isKnown), ...keys.filter((key) => !isKnown(key))],
  } as Offer;
}
