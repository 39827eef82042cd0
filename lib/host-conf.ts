// The supervisord.conf of a host's virtualenv: the template with the values that settings and record give.

import { Readable } from "node:stream";
import { Failure } from "./base/failure.js";
import type { RecordWith, Venv } from "./base/schema.js";
import type { Settings } from "./config/settings.js";
import { checkConf, parseConf, portsOf } from "./supervisor/conf.js";
import type { Template } from "./supervisor/template.js";
import { type Credentials, confValue, hints, newCredentials, variables } from "./supervisor/variables.js";
import { renderTemplate } from "./templates/render.js";
import type { Payload } from "./transport/contract.js";

/** What the command line says. */
export interface ConfFlags {
  project: string | undefined;
  profile: string | undefined;
  processes: string | undefined;
  "port-prefix": string | undefined;
}

export interface HostConf {
  /** A secret: the credentials are in it. */
  payload: Payload;
  credentials: Credentials;
  /** A line "NAME PORT" for each process that listens. */
  ports: string;
}

/** Renders and checks it. Throws Failure: template-failed, conf-failed, bad-argument, no-venv. */
export async function confFor(
  settings: Settings,
  template: Template,
  venv: Venv,
  flags: ConfFlags,
  record: RecordWith<"project" | "profile" | "bind" | "vars">,
): Promise<HostConf> {
  if (!venv.path.startsWith("/"))
    throw new Failure("no-venv", `the path ${venv.path} is not absolute: run es-venv before`);
  const { ports = {} } = settings.config.values;
  const configured = Object.hasOwn(ports, venv.name) ? ports[venv.name] : undefined;
  const portPrefix = flags["port-prefix"] ?? configured;
  const credentials = newCredentials();
  const values = variables({
    venv,
    project: settings.find("project", { flag: flags.project, record: record.project }),
    profile: settings.find("profile", { flag: flags.profile, record: record.profile }),
    portPrefix,
    bind: record.bind ?? "127.0.0.1",
    processCount: settings.find("processes", { flag: flags.processes }) ?? "1",
    vars: record.vars ?? {},
    credentials,
  });
  const { source, text: unfilled } = template;
  const text = await renderTemplate(unfilled, values, { source, hints, insert: confValue });
  const conf = parseConf(text);
  checkConf(conf, `${venv.path}/etc`);
  const listening = portPrefix === undefined ? [] : portsOf(conf, portPrefix);
  const bytes = Buffer.from(text);
  return {
    payload: { size: bytes.length, open: () => Readable.from([bytes]) },
    credentials,
    ports: listening.map(({ name, port }) => `${name} ${port}`).join("\n"),
  };
}
