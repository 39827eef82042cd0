// What the settings of a fabfile are called in essay.toml: those of the Python tool essay, and some of Fabric's own.

import { isAbsolute, join, relative, resolve } from "node:path";
import { isObject } from "../base/json.js";
import type { TomlValue } from "../base/toml.js";
import { hasCredentials, hideCredentials, splitCredentials } from "../base/url.js";
import type { Fabfile, Setting, Value } from "./read.js";

/** A value of essay.toml, by its keys from the top. */
export interface Entry {
  keys: readonly string[];
  value: TomlValue;
  /** A remark behind it. */
  remark?: string;
}

/** What was not taken over: a line of the fabfile, as far as it may be shown, and the reason. */
export interface Omission {
  line: number;
  text: string;
  why: string;
}

export interface Translation {
  entries: Entry[];
  omissions: Omission[];
}

export interface Surroundings {
  /** The folder of the project, absolute. */
  root: string;
  /** The folder in which essay.toml will be, to which its paths are relative. */
  base: string;
  /** Why essay.toml cannot have this value under these keys; undefined where it can. */
  refuse(keys: readonly string[], value: TomlValue): string | undefined;
}

/** A reason that ends the translation of one setting. */
class Refused extends Error {}

const secret = /pass(word|wd|phrase)?|secret|token/i;

/** The texts in a value. */
function textsIn(value: Value): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return value !== null && typeof value === "object" && "dict" in value
    ? value.dict.flat().flatMap(textsIn)
    : [];
}

/** A URL with a password, or a host such as user:password@web1. */
const hasPassword = (text: string) => hasCredentials(text) || /^[^@/]*:[^@/]*@/.test(text);

/** The same in a statement, also where the URL is put together of several texts. */
const mayHavePassword = (text: string) =>
  secret.test(text) || /:\/\/.*@/s.test(text) || /["'][^"'@/\s]*:[^"'@/\s]+@/.test(text);

/** The statement, or only its beginning where there may be a secret in it. */
function shown(name: string | null, text: string, value: Value = null): string {
  const hides = secret.test(name ?? "") || mayHavePassword(text) || textsIn(value).some(hasPassword);
  return hides ? `env.${name ?? "..."} = ...` : text;
}

function known(value: Value): Value {
  if (value === null || typeof value !== "object" || Array.isArray(value) || "dict" in value) return value;
  if ("unknown" in value) throw new Refused(value.unknown);
  throw new Refused(
    `its value is a function or class${value.line ? `, ${value.function} in line ${value.line}` : ""}`,
  );
}

function text(value: Value): string {
  const plain = known(value);
  if (typeof plain !== "string") throw new Refused("its value is no text");
  if (plain === "") throw new Refused("it is empty");
  if (!plain.isWellFormed()) throw new Refused("it has half of a character in it");
  return plain;
}

function texts(value: Value): string[] {
  const plain = known(value);
  if (!Array.isArray(plain)) throw new Refused("its value is no list");
  return plain.map(text);
}

function count(value: Value): number {
  const plain = known(value);
  const number = typeof plain === "string" && /^\d+$/.test(plain) ? Number(plain) : plain;
  if (typeof number !== "number") throw new Refused("its value is no number");
  return number;
}

function entriesOf(value: Value): [string, Value][] {
  const plain = known(value);
  if (!isObject(plain) || !("dict" in plain)) throw new Refused("its value is no dict");
  return plain.dict.map(([key, item]) => [typeof key === "number" ? String(key) : text(key), item]);
}

type Read = (value: Value, surroundings: Surroundings) => TomlValue;

/** A path on this machine: relative to essay.toml where it is in the project. */
function localPath(value: Value, { root, base }: Surroundings): string {
  const path = text(value);
  const whole = resolve(root, path);
  const isInside = !relative(root, whole).startsWith("..");
  return isAbsolute(path) && !isInside ? path : relative(base, whole);
}

/** Ports are digits: 880 and "880" are the same. */
const digits: Read = (value) => (typeof value === "number" ? String(value) : text(value));

const confFiles: Read = (value, surroundings) => {
  const plain = known(value);
  if (!Array.isArray(plain)) throw new Refused("its value is no list");
  return plain.map((pair) => {
    const [from, to, ...more] = Array.isArray(pair) ? pair : [];
    if (from === undefined || to === undefined || more.length > 0)
      throw new Refused("it has what is no pair of a template and its place");
    return { from: localPath(from, surroundings), to: text(to) };
  });
};

/** Settings that are one value here, too. */
const single: Record<string, { keys: readonly string[]; read: Read; remark?: string }> = {
  PROJECT: { keys: ["project"], read: text },
  DEFAULT_BRANCH: { keys: ["git", "branch"], read: text },
  BUILD_PATH: { keys: ["build", "path"], read: text },
  SETTINGS_BASE_FILE: { keys: ["build", "settings"], read: (value) => [text(value)] },
  VIRTUALENV_PREFIX: { keys: ["deploy", "prefix"], read: text },
  PROCESS_COUNT: { keys: ["deploy", "processes"], read: count },
  pool_size: { keys: ["deploy", "jobs"], read: count },
  VIRTUALENV_BIN: { keys: ["deploy", "virtualenv"], read: text },
  VIRTUALENV_SUB_DIRS: {
    keys: ["deploy", "dirs"],
    read: (value) => [...new Set(["logs", "etc", "tmp", ...texts(value)])],
  },
  LOCAL_SERVER_CONF: {
    keys: ["deploy", "conf"],
    read: confFiles,
    remark: "mustache, not Jinja: see es-conf(1)",
  },
  SUPERVISOR_CONF_TEMPLATE: {
    keys: ["supervisor", "template"],
    read: localPath,
    remark: "mustache, not Jinja: see es-supervisor(1)",
  },
  NGINX_BIN: { keys: ["nginx", "bin"], read: text },
  NGINX_CONF: { keys: ["nginx", "conf"], read: text },
  NGINX_SWITCH_CONF: { keys: ["nginx", "switch_conf"], read: text },
};

const hook = (key: string) => `write its commands as ${key} = ["..."]; see deploy.pre in essay.toml(5)`;
const inSshConfig = "it belongs into ssh_config(5), or a file of this kind that ssh.config names";

/** What to do where a setting cannot be taken over. */
const ways: Record<string, string> = {
  GIT_SERVER:
    "git.repo is the whole URL; without it, releases are taken from the repository around essay.toml",
  PYPI_INDEX: "index.url is its key",
  HTTP_PROXY: "index.proxy is its key; one with a password belongs into http_proxy of the environment",
  PRE_BUILD_HOOK: 'write its commands as build.pre = "..."; see es-sdist(1)',
  DEPLOY_PRE_DEPLOY: hook("deploy.pre"),
  DEPLOY_PRE_HOOK: hook("deploy.pre"),
  DEPLOY_POST_DEPLOY: hook("deploy.post"),
  DEPLOY_POST_HOOK: hook("deploy.post"),
  VALIDATOR_CLASS: "the table check says how processes are looked at; see es-check(1)",
  roledefs: 'roles.NAME = ["..."] is its key; es-hosts(1) also takes hosts by hand, and lists',
  VENV_PORT_PREFIX_MAP: "ports.VENV is its key",
  hosts: 'roles.NAME = ["..."] is where hosts are named',
  user: "user of roles.NAME is its key",
  port: "port of roles.NAME is its key",
  password: "keys and an agent let es-hosts go without; without them, it is asked for on the terminal",
  passwords: "keys and an agent let es-hosts go without; without them, they are asked for on the terminal",
  key_filename: inSshConfig,
  gateway: inSshConfig,
  ssh_config_path: inSshConfig,
  use_ssh_config: "ssh's own configuration counts anyway",
  parallel: "steps work on many hosts at once anyway",
  disable_known_hosts: "host keys are checked; --accept-new learns unknown ones",
};

/** The way on for a setting: what is said of it, or its key. */
function wayOf(name: string): string {
  if (Object.hasOwn(ways, name)) return ways[name] as string;
  return Object.hasOwn(single, name)
    ? `${single[name]?.keys.join(".")} is its key`
    : "essay has no key for it";
}

class Translator {
  readonly entries: Entry[] = [];
  readonly omissions: Omission[] = [];
  readonly #settings: Map<string, Setting>;
  readonly #surroundings: Surroundings;

  constructor({ settings }: Fabfile, surroundings: Surroundings) {
    this.#settings = new Map(settings.map((setting) => [setting.name, setting]));
    this.#surroundings = surroundings;
  }

  omit({ name, line, text, value }: Setting, why: string): void {
    const whole = why === "" ? wayOf(name) : `${why}; ${wayOf(name)}`;
    this.omissions.push({ line, text: shown(name, text, value), why: whole });
  }

  /** Does the work for a setting, if there is one of this name, and says where that cannot be done. */
  with(name: string, work: (setting: Setting) => void): void {
    const setting = this.#settings.get(name);
    if (setting === undefined) return;
    this.#settings.delete(name);
    try {
      work(setting);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.omit(setting, error.message);
    }
  }

  /** The text of a setting that others need, too; undefined where there is none. */
  peek(name: string): string | undefined {
    const value = this.#settings.get(name)?.value;
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  put(keys: readonly string[], value: TomlValue, remark?: string): void {
    const why = this.#surroundings.refuse(keys, value);
    if (why !== undefined) throw new Refused(why);
    this.entries.push({ keys, value, ...(remark !== undefined && { remark }) });
  }

  simple(name: string): void {
    const { keys, read, remark } = single[name] as (typeof single)[string];
    this.with(name, ({ value }) => {
      if (textsIn(value).some(hasCredentials))
        throw new Refused("there is a password in it, which belongs into no file of the project");
      this.put(keys, read(value, this.#surroundings), remark);
    });
  }

  /** A URL, without the password in it. */
  url(setting: Setting, url: string): string {
    if (!hasCredentials(url)) return url;
    const bare = URL.canParse(url) ? splitCredentials(url).url : hideCredentials(url);
    const host = URL.canParse(bare) ? new URL(bare).hostname : "HOST";
    this.omissions.push({
      line: setting.line,
      text: shown(setting.name, setting.text, setting.value),
      why: `the password in it goes into no file of the project: write "machine ${host} login USER password PASSWORD" into ~/.netrc, readable by you only`,
    });
    return bare;
  }

  /** GIT_SERVER, PROJECT_OWNER and PROJECT are one URL, as the Python tool clones it. */
  repository(): void {
    const [owner, project] = [this.peek("PROJECT_OWNER"), this.peek("PROJECT")];
    this.with("GIT_SERVER", (setting) => {
      const server = text(setting.value);
      if (owner === undefined || project === undefined)
        throw new Refused("PROJECT_OWNER and PROJECT are to be known, too");
      const path = `${owner}/${project}`;
      const isHttp = server.startsWith("http");
      const url = isHttp ? `${server.replace(/\/+$/, "")}/${path}` : `git@${server}:${path}`;
      this.put(["git", "repo"], this.url(setting, url));
      this.#settings.delete("PROJECT_OWNER");
    });
    this.with("PROJECT_OWNER", ({ value }) => {
      text(value);
      throw new Refused("GIT_SERVER and PROJECT are to be known, too");
    });
  }

  index(): void {
    this.with("PYPI_INDEX", (setting) => {
      const url = this.url(setting, text(setting.value));
      const bare = url.startsWith("http:");
      this.put(
        ["index", "url"],
        url,
        bare ? "by https, if it answers there, nobody on the way can change it" : undefined,
      );
    });
    this.with("HTTP_PROXY", ({ value }) => {
      if (textsIn(value).some(hasCredentials)) throw new Refused("there is a password in it");
      this.put(["index", "proxy"], text(value));
    });
  }

  /** Each role by itself; env.user and env.port hold for those hosts that say nothing. */
  roles(): void {
    const common: { user?: string; port?: number } = {};
    if (!this.#settings.has("roledefs")) return;
    this.with("user", ({ value }) => {
      common.user = text(value);
    });
    this.with("port", ({ value }) => {
      common.port = count(value);
    });
    this.with("roledefs", (setting) => {
      const roles = entriesOf(setting.value);
      for (const [name, value] of roles) this.#role(setting, name, value, common);
      const names = this.entries.map(({ keys }) => keys.join("."));
      if (names.includes("roles.build")) this.put(["build", "on"], "build");
    });
  }

  #role(setting: Setting, name: string, value: Value, common: { user?: string; port?: number }): void {
    const here = { ...setting, text: `env.roledefs[${JSON.stringify(name)}]` };
    try {
      const all = typeof value === "string" ? [value] : known(value);
      // Fabric drops hosts without a name, as the Python tool's new projects have them.
      const named = Array.isArray(all) ? all.filter((host) => host !== "") : all;
      const hosts = texts(named).map((host) => host.trim());
      if (hosts.length === 0) throw new Refused("it has no hosts");
      if (hosts.some(hasPassword)) throw new Refused("a host has a password in it");
      const isPlain = Object.keys(common).length === 0;
      this.put(["roles", name], isPlain ? hosts : { hosts, ...common });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const line = isObject(value) && "line" in value ? value.line : undefined;
      this.omit({ ...here, line: line ?? setting.line, value }, error.message);
    }
  }

  /** Each virtualenv by itself. */
  ports(): void {
    this.with("VENV_PORT_PREFIX_MAP", (setting) => {
      for (const [name, value] of entriesOf(setting.value))
        try {
          this.put(["ports", name], digits(known(value), this.#surroundings));
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          const text = `env.VENV_PORT_PREFIX_MAP[${JSON.stringify(name)}]`;
          this.omissions.push({ line: setting.line, text, why: `${error.message}; ${wayOf(setting.name)}` });
        }
    });
  }

  /** What the Python tool takes where the fabfile says nothing, and essay does not. */
  usual(said: ReadonlySet<string | null>): void {
    const remark = "not in the fabfile: what the Python tool takes then";
    if (!said.has("VIRTUALENV_PREFIX")) this.put(["deploy", "prefix"], "~/w", remark);
    if (!said.has("PROCESS_COUNT")) this.put(["deploy", "processes"], 2, remark);
  }

  /** Settings that nobody asked for. */
  others(): void {
    for (const name of [...this.#settings.keys()])
      this.with(name, ({ value }) => {
        known(value);
        throw new Refused("");
      });
  }
}

/** What a fabfile says, as values of essay.toml, and what is not among them, by lines. */
export function translate(fabfile: Fabfile, surroundings: Surroundings): Translation {
  const translator = new Translator(fabfile, surroundings);
  translator.repository();
  for (const name of Object.keys(single)) translator.simple(name);
  translator.index();
  translator.roles();
  translator.ports();
  translator.others();
  const said = new Set([...fabfile.settings, ...fabfile.left].map(({ name }) => name));
  if (translator.entries.length > 0) translator.usual(said);
  const left = fabfile.left.map(({ name, line, text, why }) => ({
    line,
    text: shown(name, text),
    why: name === null || name === "?" ? why : `${why}; ${wayOf(name)}`,
  }));
  const omissions = [...translator.omissions, ...left].sort((a, b) => a.line - b.line);
  return { entries: translator.entries, omissions };
}

/** The folder of the project that a fabfile belongs to: it is fabfile/__init__.py or fabfile.py in it. */
export function projectOf(fabfile: string): string {
  const whole = resolve(fabfile);
  return whole.endsWith("/__init__.py") ? join(whole, "../..") : join(whole, "..");
}
