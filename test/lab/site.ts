// A site with two sides: hosts that run the processes of both, and balancers that serve the one or the other. All of it
// is real, on loopback, and is changed by our programs as their users would. What is between them can be made to fail.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Disk } from "./disk.js";
import { type Exchanges, startExchanges } from "./exchanges.js";
import type { FaultProxy } from "./fault-proxy.js";
import { fetchPage } from "./http.js";
import { type LabIndex, startIndex } from "./index.js";
import { keepNamespace } from "./namespace.js";
import { type LabNginx, startNginx } from "./nginx.js";
import { type Ran, shell } from "./program.js";
import { impatient, proxied } from "./proxied.js";
import { type LabHost, type SshLab, startSshd } from "./sshd.js";
import { tiny } from "./tiny.js";
import { server, template } from "./versioned.js";

export type Side = "a" | "b";

export const otherSide = (side: Side): Side => (side === "a" ? "b" : "a");

/** A host of the role web, and its disk: the home of its account. */
export interface WebHost extends LabHost {
  disk: Disk;
}

export interface Site {
  /** Where our programs are run. They keep what they have to in its folders home, run and tmp. */
  directory: string;
  ssh: SshLab;
  web: readonly WebHost[];
  /** The hosts of the balancers, in their order. */
  front: readonly LabHost[];
  balancers: readonly LabNginx[];
  index: LabIndex;
  /** Between our programs and the index. */
  exchanges: Exchanges;
  /** Between our programs and the hosts: first a route for each one of `web`, then for each one of `front`. */
  proxy: FaultProxy;
  /** Puts a release on the index. */
  publish(version: string): void;
  /** Deploys a release to a side of all hosts, by `es deploy`. */
  deploy(version: string, side: Side): Promise<Ran>;
  /** Switches all balancers to a side, by es-nginx-switch with these flags. */
  switchTo(side: Side, ...flags: string[]): Promise<Ran>;
  /** The page of every process of a side, asked without a balancer. */
  pages(side: Side): Promise<string[]>;
  stop(): Promise<void>;
}

export interface SiteOptions {
  hosts: number;
  balancers: number;
  /** On each host, for each side (1). */
  processes?: number;
}

/** Throws where a program has failed. */
export function wellDone({ status, report }: Ran): void {
  if (status !== 0) throw new Error(report);
}

const portPrefix: Record<Side, string> = { a: "880", b: "881" };

/** The version that is served at first, on side a. */
export const firstVersion = "1.0";

const configuration = (
  web: readonly string[],
  front: readonly string[],
  processes: number,
) => `project = "tiny"
[roles]
web = { hosts = ${JSON.stringify(web)}, bind = "{host}" }
nginx = ${JSON.stringify(front)}
[deploy]
prefix = "~/essay_demo"
processes = ${processes}
profile = "load"
[supervisor]
template = "supervisord.conf"
[ports]
a = "${portPrefix.a}"
b = "${portPrefix.b}"
[check]
expect_version = true
[nginx]
conf = "~/nginx/conf/nginx.conf"
sides = { a = "upstreamA", b = "upstreamB" }
`;

/** Starts so many hosts of each kind. Side a is deployed and served, and b is empty. */
export async function startSite({ hosts, balancers, processes = 1 }: SiteOptions): Promise<Site> {
  const directory = mkdtempSync(join(tmpdir(), "essay-site-"));
  const path = (name: string) => join(directory, name);
  for (const name of ["home", "run", "tmp"]) mkdirSync(path(name), { mode: 0o700 });
  const undone: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
  const stop = async () => {
    for (const undo of undone.splice(0).reverse()) await undo();
  };
  try {
    const space = await keepNamespace("mnt");
    undone.push(space.stop);
    const ssh = await startSshd({ hosts: hosts + balancers, enter: space.enter });
    // All that runs as a user of it ends with it, nginx too.
    undone.push(ssh.stop);
    const web = ssh.hosts.slice(0, hosts).map((host) => ({ ...host, disk: new Disk(space, host.home) }));
    for (const host of web) host.disk.mount(host);
    const front = ssh.hosts.slice(hosts);
    const { proxy, inventory, sshConfig } = await proxied(ssh);
    undone.push(proxy.stop);
    const index = await startIndex({ empty: true });
    undone.push(index.stop);
    const exchanges = await startExchanges(index.url);
    undone.push(exchanges.stop);

    writeFileSync(
      path("essay.toml"),
      configuration(inventory.slice(0, hosts), inventory.slice(hosts), processes),
    );
    writeFileSync(path("supervisord.conf"), template);
    const portsOf = (side: Side) =>
      Array.from({ length: processes }, (_, number) => `${portPrefix[side]}${number}`);
    const serversOf = (side: Side) =>
      web.flatMap(({ address }) => portsOf(side).map((port) => `${address}:${port}`));
    const upstreams = { upstreamA: serversOf("a"), upstreamB: serversOf("b") };
    const all: LabNginx[] = [];
    for (const user of front)
      all.push(await startNginx({ upstreams, user, directory: join(user.home, "nginx") }));

    const env = {
      ESSAY_SSH_CONFIG: impatient(directory, sshConfig),
      ESSAY_INDEX: exchanges.url,
      HOME: path("home"),
      XDG_RUNTIME_DIR: path("run"),
      TMPDIR: path("tmp"),
    };
    const run = (script: string): Promise<Ran> => shell(script, { cwd: directory, env, limit: 180_000 });
    const site: Site = {
      directory,
      ssh,
      web,
      front,
      balancers: all,
      index,
      exchanges,
      proxy,
      publish: (version) => void tiny(index.directory, version, "tiny", server(version)),
      deploy: (version, side) => run(`es deploy -R web --wait 30 ${version} ${side}`),
      switchTo: (side, ...flags) =>
        run(`es-session sh -c "es-hosts nginx | es-nginx-switch -q ${["--to", side, ...flags].join(" ")}"`),
      pages: (side) =>
        Promise.all(
          serversOf(side).map((one) =>
            fetchPage(`http://${one}/`).then(
              ({ body }) => body,
              (error: Error) => error.message,
            ),
          ),
        ),
      stop,
    };
    site.publish(firstVersion);
    wellDone(await site.deploy(firstVersion, "a"));
    return site;
  } catch (error) {
    await stop();
    throw error;
  }
}
