// A web server on loopback that speaks TLS, with a certificate that only its own authority vouches for.

import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { expectStatus, scratch } from "./program.js";
import { listen } from "./web.js";

export interface SecureWeb {
  /** Such as https://127.0.0.1:41234. */
  origin: string;
  /** The file with the authority's certificate. */
  ca: string;
}

/** Starts a server that answers as it is told to, over TLS. */
export async function secureWeb(t: TestContext, answer: RequestListener): Promise<SecureWeb> {
  const folder = scratch(t);
  const at = (name: string) => join(folder, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const authority = ["req", "-x509", "-subj", "/CN=essay test authority", "-days", "2", ...key];
  await expectStatus(0, "openssl", [...authority, "-keyout", at("ca.key"), "-out", at("ca.pem")]);
  const signed = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-addext", "subjectAltName=IP:127.0.0.1"];
  const ours = ["req", "-x509", "-subj", "/CN=127.0.0.1", "-days", "2", ...key, ...signed];
  await expectStatus(0, "openssl", [...ours, "-keyout", at("key"), "-out", at("cert")]);
  const server = createServer({ key: readFileSync(at("key")), cert: readFileSync(at("cert")) }, answer);
  const origin = await listen(t, server);
  return { origin: origin.replace("http:", "https:"), ca: at("ca.pem") };
}
