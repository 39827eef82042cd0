// How a package index is reached: its URL, the proxy on the way to it, and whose certificates it may have.

import { readFile } from "node:fs/promises";
import { Failure } from "../base/failure.js";
import { splitCredentials } from "../base/url.js";

/** What lies on the way to an index. */
export interface Way {
  /** URL of the proxy that the configuration names for this index, for every address; may hold credentials. */
  proxy?: string | undefined;
  /** A file of certificate authorities in PEM, which count instead of the usual ones. */
  ca?: string | undefined;
}

/** An index and the way to it. */
export interface Access extends Way {
  /** Simple or upload URL; may hold credentials. */
  url: string;
}

/** Names of this machine: a proxy of the environment is not asked for them. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(hostname);
}

/** A proxy that counts for a URL. */
export interface ProxyInUse {
  /** Its URL, with credentials; undefined for what the environment says. */
  url: string | undefined;
  /** How messages call it. */
  name: string;
}

/** The proxy for this URL: the one named for the index, otherwise one of the environment, if any. */
export function proxyFor(target: URL, way: Way): ProxyInUse | undefined {
  if (way.proxy !== undefined)
    return { url: way.proxy, name: `the proxy ${splitCredentials(way.proxy).url}` };
  const name = `${target.protocol.slice(0, -1)}_proxy`;
  const names = [name, name.toUpperCase(), "all_proxy", "ALL_PROXY"];
  if (isLoopback(target.hostname) || !names.some((variable) => process.env[variable])) return undefined;
  return { url: undefined, name: "the proxy that the environment names" };
}

/** The text of a file of certificate authorities. Throws Failure "bad-certificate" for what is none. */
export async function readAuthorities(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new Failure(
      "bad-certificate",
      `the file of certificate authorities cannot be read: ${error.message}`,
    );
  });
  // Node takes a file without any for one that trusts nobody, and says so of the server.
  if (!text.includes("-----BEGIN CERTIFICATE-----"))
    throw new Failure("bad-certificate", `${file} holds no certificate in PEM`);
  return text;
}
