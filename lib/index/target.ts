// Where an index takes uploads, and where it lists its files: people know one of the two URLs.

import { Failure } from "../base/failure.js";
import type { Access, Way } from "./access.js";
import { lookupCredentials, type Repository, uploadCredentials, uploadUser } from "./credentials.js";
import { Login, type Typed } from "./login.js";

/** Both URLs of an index, without credentials. */
export interface Target {
  simple: string;
  upload: string;
}

/** An index, the way to it, and who we are for it. */
export interface Destination extends Target {
  way: Way;
  forUpload: Login;
  forLookUp: Login;
}

/**
 * Both URLs from either. A simple URL ends with `simple/` (devpi: `+simple/`), and uploads go to what is above it;
 * an upload URL of PyPI's kind ends with `legacy/`, and `simple/` is beside it; any other is the upload URL, with
 * `simple/` below it (pypiserver, Nexus, Artifactory, GitLab, es-index). Throws Failure "bad-index".
 */
export function targetOf(address: string): Target {
  if (!URL.canParse(address) || !/^https?:/i.test(address))
    throw new Failure("bad-index", `${address} is no http or https URL`);
  const url = new URL(address);
  url.username = "";
  url.password = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  const { href } = url;
  const [, above, last] = /^(.*\/)(\+?simple|legacy)\/$/.exec(href) ?? [];
  if (above === undefined) return { simple: `${href}simple/`, upload: href };
  return last === "legacy" ? { simple: `${above}simple/`, upload: href } : { simple: href, upload: above };
}

/**
 * The destination of uploads to an index. `upload` is its simple or its upload URL, `index` its simple URL where
 * that is known by itself, `named` the repository of .pypirc by which a person named it. Throws Failure "bad-index",
 * and UsageError for a .netrc or .pypirc that cannot be read.
 */
export async function openDestination(
  upload: Access,
  index: Access | undefined,
  typed: Typed,
  named?: Repository,
): Promise<Destination> {
  const target = targetOf(upload.url);
  if (index !== undefined && index.url !== upload.url) target.simple = targetOf(index.url).simple;
  const sameOrigin = new URL(target.simple).origin === new URL(target.upload).origin;
  // The upload URL's credentials may be in the URL as given, or be kept under the URL that follows from it.
  const forUpload =
    (await uploadCredentials(upload.url, named)) ?? (await uploadCredentials(target.upload, named));
  const user = (await uploadUser(upload.url, named)) ?? (await uploadUser(target.upload, named));
  const own = await lookupCredentials(index?.url ?? target.simple);
  const same = sameOrigin ? forUpload : undefined;
  const forLookUp = named ? (same ?? own) : (own ?? same);
  return {
    ...target,
    way: { proxy: upload.proxy, ca: upload.ca },
    forUpload: new Login(target.upload, forUpload, user, typed),
    forLookUp: new Login(target.simple, forLookUp, sameOrigin ? user : undefined, typed),
  };
}
