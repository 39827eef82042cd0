// A real nginx on loopback with a directory of its own, laid out as a site would: conf/nginx.conf includes
// extra/essay_demo.conf and one of extra/upstreamA.conf, extra/upstreamB.conf.

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accepts, freePort } from "./ports.js";
import { descendants, identity, until } from "./processes.js";

export const nginxBin = "/usr/sbin/nginx";

export interface NginxOptions {
  /** The servers (ADDRESS:PORT) of each upstream file; the first is the one that is included. */
  upstreams: Readonly<Record<string, readonly string[]>>;
  /** Where its tree goes; made when missing. A new temporary directory unless told. */
  directory?: string;
  /** Address that it listens on (127.0.0.1). */
  address?: string;
  /** The user to run as; its own tree then belongs to that user. */
  user?: { uid: number; gid: number };
  /** For startNginx: it outlives this process until `stop`. */
  lasting?: boolean;
}

export interface LabNginx {
  directory: string;
  /** conf/nginx.conf: the main file, and the one in which the upstream is switched. */
  conf: string;
  address: string;
  port: number;
  url: string;
  /** Process id of the master. */
  pid(): number;
  /** Process ids of the workers. */
  workers(): number[];
  errors(): string;
  /** Makes it read its files, and waits until new workers have taken over. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

const mainFile = (directory: string, upstream: string) => `worker_processes 1;

error_log ${directory}/logs/error.log notice;
pid ${directory}/logs/nginx.pid;

events {
    worker_connections 256;
}

http {
    default_type application/octet-stream;
    access_log ${directory}/logs/access.log;

    client_body_temp_path ${directory}/temp/client_body;
    proxy_temp_path ${directory}/temp/proxy;
    fastcgi_temp_path ${directory}/temp/fastcgi;
    uwsgi_temp_path ${directory}/temp/uwsgi;
    scgi_temp_path ${directory}/temp/scgi;

    keepalive_timeout 65;

    include extra/essay_demo.conf;
    include extra/${upstream}.conf;
}
`;

const siteFile = (address: string, port: number) => `server {
    listen ${address}:${port};
    server_name localhost;
    location / {
        proxy_pass http://essay_demo;
        proxy_redirect off;
        proxy_connect_timeout 5;
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
    }
}
`;

const upstreamFile = (servers: readonly string[]) =>
  `upstream essay_demo {\n${servers.map((server) => `    server ${server};\n`).join("")}}\n`;

const errorLog = (directory: string) => join(directory, "logs/error.log");

/** Writes the tree of configuration files and says where. */
function layOut(directory: string, address: string, port: number, options: NginxOptions): void {
  const owner = options.user ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const folder = (name: string) => {
    mkdirSync(join(directory, name), { recursive: true });
    // Workers run as nobody where the master is root, and write to temp/.
    chmodSync(join(directory, name), 0o755);
    chownSync(join(directory, name), owner.uid, owner.gid);
  };
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text, { mode: 0o644 });
    chownSync(join(directory, name), owner.uid, owner.gid);
  };
  for (const name of ["", "conf", "conf/extra", "logs", "temp"]) folder(name);
  const [first = "upstreamA"] = Object.keys(options.upstreams);
  file("conf/nginx.conf", mainFile(directory, first));
  file("conf/extra/essay_demo.conf", siteFile(address, port));
  for (const [name, servers] of Object.entries(options.upstreams))
    file(`conf/extra/${name}.conf`, upstreamFile(servers));
}

/** Lays out the tree of an nginx that does not run yet. */
export async function layOutNginx(options: NginxOptions): Promise<LabNginx> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), "essay-nginx-"));
  const address = options.address ?? "127.0.0.1";
  const port = await freePort(address);
  layOut(directory, address, port, options);
  const pidFile = join(directory, "logs/nginx.pid");
  const pid = () => Number(readFileSync(pidFile, "utf8"));
  // A mere test of the configuration leaves an empty file.
  const runs = () => existsSync(pidFile) && pid() > 0;
  const workers = () => descendants(pid());
  return {
    directory,
    conf: join(directory, "conf/nginx.conf"),
    address,
    port,
    url: `http://${address}:${port}/`,
    pid,
    workers,
    errors: () => readFileSync(errorLog(directory), "utf8"),
    reload: async () => {
      const before = workers();
      process.kill(pid(), "SIGHUP");
      await until("new workers", () => {
        const now = workers();
        return now.length > 0 && before.every((one) => !now.includes(one));
      });
    },
    stop: async () => {
      const master = runs() ? pid() : undefined;
      const all = master === undefined ? [] : [master, ...descendants(master)];
      if (master !== undefined) process.kill(master, "SIGTERM");
      await until("the end of nginx", () => all.every((one) => identity(one) === undefined));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Starts nginx and waits until it answers. */
export async function startNginx(options: NginxOptions): Promise<LabNginx> {
  const nginx = await layOutNginx(options);
  const { directory, conf, address, port, pid } = nginx;
  const daemon = [nginxBin, "-c", conf, "-e", errorLog(directory)];
  const words = options.lasting ? daemon : ["setpriv", "--pdeathsig", "TERM", ...daemon, "-g", "daemon off;"];
  const [name = "", ...args] = words;
  // In a group of its own: a Ctrl-C on the terminal is for its user to answer, by `stop`.
  const child = spawn(name, args, {
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
    ...options.user,
  });
  if (options.lasting) {
    const [status] = await once(child, "exit");
    if (status !== 0) throw new Error(nginx.errors());
  }
  await until(`nginx on ${address}:${port}`, async () => {
    if (!options.lasting && child.exitCode !== null) throw new Error(nginx.errors());
    // It listens first, then writes its pid, then starts the worker.
    if (!(await accepts(address, port)) || !existsSync(join(directory, "logs/nginx.pid"))) return false;
    return pid() > 0 && descendants(pid()).length > 0;
  });
  return nginx;
}
