// How pip is told of the one index that it may use.

import { Failure } from "../base/failure.js";
import { splitCredentials } from "../base/url.js";
import { type Access, readAuthorities } from "./access.js";
import { pipCredentials } from "./credentials.js";

/** An index in the form in which pip gets it. */
export interface PipIndex {
  /** The simple URL, without credentials. */
  url: string;
  /** Flags of pip: this index and no other, nothing asked, nothing of the machine's own configuration. */
  flags: string[];
  /** The text of a .netrc for this index, a secret, for a 0600 file that NETRC names; undefined for none. */
  netrc: string | undefined;
  /** The proxy that the configuration names, a secret where it has a password: for `http_proxy` and `https_proxy`. */
  proxy: string | undefined;
  /** A file of certificate authorities; in the flags, too, which do not reach the pip that pip starts for building. */
  ca: string | undefined;
  /** True for plain http to another machine: pip must be told to trust it. */
  trusted: boolean;
}

// Python before 3.11 takes quotes for a part of the word, so they come only where nothing else helps.
const word = (text: string) =>
  /^[^\s"#\\][^\s"\\]*$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;

/** Flags of pip: nothing is asked, and nothing of the machine's own configuration counts. */
export const ownFlags: readonly string[] = ["--isolated", "--no-input", "--disable-pip-version-check"];

/** The hosts that pip takes plain http from unasked (pip's SECURE_ORIGINS). */
const trustedByPip = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Flags and secrets for pip. `--isolated` leaves out environment and the user's file; the machine's own file
 * is left out where PIP_CONFIG_FILE is /dev/null, which whoever starts pip must see to. Throws Failure
 * "bad-index" for what is no URL of an index, and "bad-certificate" for a file that has no authorities.
 */
export async function pipIndex(index: Access): Promise<PipIndex> {
  const { url: address, proxy, ca } = index;
  if (!URL.canParse(address) || !/^https?:/i.test(address))
    throw new Failure("bad-index", `${address} is no http or https URL`);
  const { url } = splitCredentials(address);
  if (ca !== undefined) await readAuthorities(ca);
  const credentials = await pipCredentials(address);
  const { protocol, hostname, host } = new URL(url);
  const trusted = protocol === "http:" && !trustedByPip.test(hostname);
  return {
    url,
    flags: [
      ...ownFlags,
      "--no-cache-dir",
      "--index-url",
      url,
      ...(trusted ? ["--trusted-host", host] : []),
      ...(ca === undefined ? [] : ["--cert", ca]),
    ],
    netrc: credentials
      ? `machine ${hostname} login ${word(credentials.user)} password ${word(credentials.password)}\n`
      : undefined,
    proxy,
    ca,
    trusted,
  };
}

/**
 * The environment in which a pip that somebody else starts takes packages from this index and from nowhere else.
 * `netrc` is the file that has the index's netrc, if it has one.
 */
export function pipVariables(
  { url, proxy, ca, trusted }: PipIndex,
  netrc: string | undefined,
): Record<string, string> {
  return {
    PIP_CONFIG_FILE: "/dev/null",
    PIP_INDEX_URL: url,
    // What is empty, pip takes for not set.
    PIP_EXTRA_INDEX_URL: "",
    PIP_FIND_LINKS: "",
    PIP_NO_INDEX: "",
    PIP_TRUSTED_HOST: trusted ? new URL(url).host : "",
    ...(netrc !== undefined && { NETRC: netrc }),
    ...(ca !== undefined && { PIP_CERT: ca }),
    ...(proxy !== undefined && { http_proxy: proxy, https_proxy: proxy }),
  };
}

/** Looks up each index once; `warn` hears, once for each, that pip is told to trust plain http. */
export function pipIndexes(warn: (line: string) => void): (index: Access) => Promise<PipIndex> {
  const known = new Map<string, Promise<PipIndex>>();
  const lookUp = async (index: Access) => {
    const found = await pipIndex(index);
    if (found.trusted) warn(`${found.url} is plain http: pip is told to trust it`);
    return found;
  };
  return (index) => {
    const key = JSON.stringify([index.url, index.proxy, index.ca]);
    const one = known.get(key) ?? lookUp(index);
    known.set(key, one);
    return one;
  };
}
