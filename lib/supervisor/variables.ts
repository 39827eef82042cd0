// What a template of supervisord.conf may name, and the form in which values stand in a supervisord.conf.

import { randomBytes } from "node:crypto";
import { isProjectName } from "../base/distribution.js";
import { Failure } from "../base/failure.js";

/** What is known about the virtualenv that is to be supervised. */
export interface Supervised {
  venv: { name: string; path: string };
  project: string | undefined;
  profile: string | undefined;
  /** First digits of the ports; the number of the process follows. */
  portPrefix: string | undefined;
  bind: string;
  processCount: string;
  vars: Readonly<Record<string, string | number | boolean>>;
  credentials: Credentials;
}

/** What supervisorctl needs to talk to supervisord. Letters and digits only. */
export interface Credentials {
  username: string;
  password: string;
}

/** New credentials. The host keeps the first ones that it is given, and puts them in the place of later ones. */
export function newCredentials(): Credentials {
  return { username: `essay${randomBytes(8).toString("hex")}`, password: randomBytes(24).toString("hex") };
}

/** For variables that may have no value: where to say it. */
export const hints = {
  project: "say it by --project, the record, or project in essay.toml",
  profile: "say it by --profile, the record, ESSAY_PROFILE, or deploy.profile in essay.toml",
  port: "say its first digits by --port-prefix, or in [ports] of essay.toml for this virtualenv",
};

function checked(name: string, value: string | undefined, form: RegExp): string | undefined {
  if (value === undefined || form.test(value)) return value;
  throw new Failure("bad-argument", `${JSON.stringify(value)} cannot be the ${name} of a supervisord.conf`);
}

/** The variables of a template, as es-supervisor(1) lists them. Throws Failure "bad-argument". */
export function variables(known: Supervised) {
  const { venv, project } = known;
  if (project !== undefined && !isProjectName(project))
    throw new Failure("bad-argument", `${JSON.stringify(project)} is no name of a project`);
  return {
    run_root: venv.path,
    venv_dir: venv.path,
    virtualenv_name: venv.name,
    project,
    profile: checked("profile", known.profile, /^[^\s"'\\]+$/),
    port: checked("port prefix", known.portPrefix, /^\d{1,5}$/),
    bind: checked("bind address", known.bind, /^[\w.:%-]+$/),
    process_count: checked("number of processes", known.processCount, /^[1-9]\d{0,3}$/),
    ...known.credentials,
    vars: known.vars,
  };
}

/**
 * A value as it stands in this line of a supervisord.conf. supervisord fills in %(name)s everywhere, so each %
 * is doubled; in the names of log files it does so twice over. Nothing quotes a quote in every place, nor a
 * comment's beginning in any: such values are refused.
 */
export function confValue(value: string, line: string): string {
  if (/["'\\]/.test(value)) throw new Error("has a quote or a backslash in it");
  if (/(^|\s)[;#]/.test(value)) throw new Error("has what begins a comment in it (; or # after a space)");
  return value.replaceAll("%", /^(stdout|stderr)_logfile\s*[=:]/i.test(line) ? "%%%%" : "%%");
}
