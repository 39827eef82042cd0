// Where a value comes from: flag, then record, then environment, then configuration, then what the project
// itself says. The one place that knows this order.

import { resolve } from "node:path";
import { Failure, UsageError } from "../base/failure.js";
import { didYouMean } from "../base/nearest.js";
import { isRemote } from "../base/repository.js";
import { indexRoot, splitCredentials } from "../base/url.js";
import type { Config } from "./load.js";
import type { Configuration } from "./schema.js";

interface Setting {
  flag: string;
  field?: string;
  env?: string;
  key: string;
  inConfig(values: Configuration): string | number | undefined;
  /** A path in the configuration: relative to the folder of its file. A source may be elsewhere, by its URL. */
  path?: "file" | "source";
}

/** Every value that can be said in several places. */
const table = {
  project: {
    flag: "--project",
    field: "project",
    env: "ESSAY_PROJECT",
    key: "project",
    inConfig: (c) => c.project,
  },
  profile: {
    flag: "--profile",
    field: "profile",
    env: "ESSAY_PROFILE",
    key: "deploy.profile",
    inConfig: (c) => c.deploy?.profile,
  },
  prefix: {
    flag: "--prefix",
    field: "prefix",
    env: "ESSAY_PREFIX",
    key: "deploy.prefix",
    inConfig: (c) => c.deploy?.prefix,
  },
  index: {
    flag: "--index",
    field: "index",
    env: "ESSAY_INDEX",
    key: "index.url",
    inConfig: (c) => c.index?.url,
  },
  uploadIndex: {
    flag: "--index",
    field: "index",
    env: "ESSAY_INDEX",
    key: "index.upload",
    inConfig: (c) => c.index?.upload ?? c.index?.url,
  },
  scheme: { flag: "--scheme", key: "version.scheme", inConfig: (c) => c.version?.scheme },
  branch: { flag: "--branch", key: "git.branch", inConfig: (c) => c.git?.branch },
  repo: { flag: "--repo", key: "git.repo", inConfig: (c) => c.git?.repo, path: "source" },
  out: { flag: "--out", key: "build.out", inConfig: (c) => c.build?.out, path: "file" },
  buildHost: { flag: "--on", key: "build.on", inConfig: (c) => c.build?.on },
  buildCache: { flag: "--cache", key: "build.path", inConfig: (c) => c.build?.path },
  preBuild: { flag: "--pre-build", key: "build.pre", inConfig: (c) => c.build?.pre },
  jobs: { flag: "--jobs", key: "deploy.jobs", inConfig: (c) => c.deploy?.jobs },
  wait: { flag: "--wait", env: "ESSAY_WAIT", key: "deploy.wait", inConfig: (c) => c.deploy?.wait },
  processes: { flag: "--processes", key: "deploy.processes", inConfig: (c) => c.deploy?.processes },
  template: {
    flag: "--template",
    key: "supervisor.template",
    inConfig: (c) => c.supervisor?.template,
    path: "file",
  },
  virtualenv: { flag: "--virtualenv", key: "deploy.virtualenv", inConfig: (c) => c.deploy?.virtualenv },
  checkFrom: { flag: "--from", key: "check.from", inConfig: (c) => c.check?.from },
  checkStatus: { flag: "--status", key: "check.status", inConfig: (c) => c.check?.status },
  checkHeader: {
    flag: "--expect-header",
    key: "check.expect_header",
    inConfig: (c) => c.check?.expect_header,
  },
  checkTimeout: { flag: "--timeout", key: "check.timeout", inConfig: (c) => c.check?.timeout },
  checkHost: { flag: "--host", key: "check.host", inConfig: (c) => c.check?.host },
  checkExpect: { flag: "--expect", key: "check.expect", inConfig: (c) => c.check?.expect },
  sshConfig: {
    flag: "--ssh-config",
    env: "ESSAY_SSH_CONFIG",
    key: "ssh.config",
    inConfig: (c) => c.ssh?.config,
    path: "file",
  },
  history: { flag: "", key: "history.file", inConfig: (c) => c.history?.file, path: "file" },
  nginxBin: { flag: "--bin", key: "nginx.bin", inConfig: (c) => c.nginx?.bin },
  nginxConf: { flag: "--conf", key: "nginx.conf", inConfig: (c) => c.nginx?.conf },
  nginxSwitchConf: { flag: "--switch-conf", key: "nginx.switch_conf", inConfig: (c) => c.nginx?.switch_conf },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof table;

/** What the command line and the record say about a value. */
export interface Said {
  flag?: string | undefined;
  record?: string | undefined;
}

/** An index and the way to it; lib/index/access.ts says what each means. */
export interface IndexAccess {
  url: string;
  proxy?: string;
  ca?: string;
}

/** What the configuration says of one index. */
interface IndexEntry {
  url?: string | undefined;
  upload?: string | undefined;
  proxy?: string | undefined;
  ca_bundle?: string | undefined;
}

function isProxy(text: string): boolean {
  return URL.canParse(text) && /^(https?|socks[45]?[ah]?):$/.test(new URL(text).protocol);
}

/** True when the address is one of this index's, and has no credentials of its own, or the same. */
function isOf(address: string, { url, upload }: IndexEntry): boolean {
  if (!URL.canParse(address)) return false;
  const { user, password } = splitCredentials(address);
  return [url, upload].some((known) => {
    if (known === undefined || !URL.canParse(known) || indexRoot(known) !== indexRoot(address)) return false;
    const own = splitCredentials(known);
    return (user ?? password) === undefined || (own.user === user && own.password === password);
  });
}

/** Finds values. `where` is the configuration of this run. */
export class Settings {
  readonly config: Config;
  constructor(config: Config) {
    this.config = config;
  }

  /** A value, or undefined where nothing says it. */
  find(name: SettingName, said: Said = {}): string | undefined {
    const setting: Setting = table[name];
    if (said.flag !== undefined) return said.flag;
    if (said.record !== undefined) return said.record;
    const fromEnvironment = setting.env && process.env[setting.env];
    if (fromEnvironment) return fromEnvironment;
    const configured = setting.inConfig(this.config.values);
    if (configured !== undefined) {
      const text = String(configured);
      const here = setting.path === "file" || (setting.path === "source" && !isRemote(text));
      return here ? resolve(this.config.directory, text) : text;
    }
    return name === "project" ? this.config.projectName : undefined;
  }

  /**
   * A package index that must be said somewhere, by a URL of it or by NAME of [index.NAME], and the way to it.
   * What the configuration says of this index counts also where a record or the environment has its URL, which
   * is without credentials. Throws UsageError for a name that is not configured.
   */
  access(use: "index" | "uploadIndex", said: Said & { ca?: string | undefined } = {}): IndexAccess {
    const value = this.need(use, said);
    const { key, entry } = this.#entryFor(value);
    const configured = use === "uploadIndex" ? (entry.upload ?? entry.url) : entry.url;
    const { proxy, ca_bundle } = entry;
    if (proxy !== undefined && !isProxy(proxy))
      throw new UsageError(
        `${key}.proxy in ${this.config.file} is no URL of a proxy, such as http://proxy:3128`,
      );
    const bundle = ca_bundle === undefined ? undefined : resolve(this.config.directory, ca_bundle);
    const ca = said.ca ?? (process.env.ESSAY_CA_BUNDLE || bundle);
    return {
      url: configured ?? value,
      ...(proxy !== undefined && { proxy }),
      ...(ca !== undefined && { ca: resolve(ca) }),
    };
  }

  /** The index as hosts reach it: a file of certificate authorities is on this machine only. */
  accessFromHosts(said: Said): IndexAccess {
    const { ca: _, ...access } = this.access("index", said);
    return access;
  }

  /** What the configuration says of the index with this name or URL; nothing of a URL that it does not know. */
  #entryFor(value: string): { key: string; entry: IndexEntry } {
    const { url, upload, proxy, ca_bundle, ...named } = this.config.values.index ?? {};
    if (Object.hasOwn(named, value)) return { key: `index.${value}`, entry: named[value] as IndexEntry };
    if (!value.includes("://"))
      throw new UsageError(
        `${value} is neither the URL of an index nor the name of one${didYouMean(value, Object.keys(named))}`,
      );
    if (!URL.canParse(value)) throw new UsageError(`${value} is no URL of an index`);
    const main: IndexEntry = { url, upload, proxy, ca_bundle };
    const all = [
      ["index", main] as const,
      ...Object.entries(named).map(([n, e]) => [`index.${n}`, e] as const),
    ];
    const [key, entry] = all.find(([, each]) => isOf(value, each)) ?? ["", {}];
    return { key, entry };
  }

  /** A value that must be there. Throws Failure "not-configured" that names every place where it may be said. */
  need(name: SettingName, said: Said = {}): string {
    const value = this.find(name, said);
    if (value !== undefined) return value;
    const { flag, field, env, key }: Setting = table[name];
    const places = [
      flag,
      field && `the field ${field} of the record`,
      env,
      `${key} in essay.toml`,
      name === "project" && "project.name in pyproject.toml",
    ].filter(Boolean);
    throw new Failure(
      "not-configured",
      `no ${key}: say it by ${places.slice(0, -1).join(", ")} or ${places.at(-1)}`,
    );
  }
}
