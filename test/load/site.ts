// A site with two sides: hosts that run the processes of both, and balancers that serve the one or the other. All of it
// is real, on loopback, and is changed by our programs as their users would.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startIndex } from "../lab/index.js";
import { type LabNginx, startNginx } from "../lab/nginx.js";
import { type Ran, shell } from "../lab/program.js";
import { type LabHost, startSshd } from "../lab/sshd.js";
import { tiny } from "../lab/tiny.js";
import { server, template } from "../lab/versioned.js";

export const sides = ["a", "b"] as const;
export type Side = (typeof sides)[number];

export const otherSide = (side: Side): Side => (side === "a" ? "b" : "a");

export interface Site {
  balancers: readonly LabNginx[];
  /** Makes a release and deploys it to a side of all hosts, by `es deploy`. Throws where that fails. */
  deploy(version: string, side: Side): Promise<void>;
  /** Switches all balancers to a side, by es-nginx-switch with these flags. Throws where that fails. */
  switchTo(side: Side, ...flags: string[]): Promise<void>;
  stop(): Promise<void>;
}

const processes = [0, 1];
const portPrefix: Record<Side, string> = { a: "880", b: "881" };

/** The servers of a side, as nginx's configuration names them. */
const serversOf = (hosts: readonly LabHost[], side: Side) =>
  hosts.flatMap(({ address }) => processes.map((number) => `${address}:${portPrefix[side]}${number}`));

const configuration = (hosts: readonly LabHost[], balancers: readonly LabHost[]) => `project = "tiny"
[roles]
web = { hosts = ${JSON.stringify(hosts.map(({ entry }) => entry))}, bind = "{host}" }
nginx = ${JSON.stringify(balancers.map(({ entry }) => entry))}
[deploy]
prefix = "~/essay_demo"
processes = ${processes.length}
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

/** The version that is served at first, on side a. */
export const firstVersion = "1.0";

/** Starts so many hosts of each kind. Side a is deployed and served, and b is empty. */
export async function startSite({ hosts, balancers }: { hosts: number; balancers: number }): Promise<Site> {
  const directory = mkdtempSync(join(tmpdir(), "essay-load-"));
  const ssh = await startSshd({ hosts: hosts + balancers });
  const index = await startIndex();
  const stop = async () => {
    await index.stop();
    // All that runs as a user of it ends with it, nginx too.
    await ssh.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  const env = { ESSAY_SSH_CONFIG: ssh.sshConfig, ESSAY_INDEX: index.url };
  const run = async (script: string): Promise<Ran> => {
    const ran = await shell(script, { cwd: directory, env, limit: 180_000 });
    if (ran.status !== 0) throw new Error(ran.report);
    return ran;
  };
  try {
    const [web, front] = [ssh.hosts.slice(0, hosts), ssh.hosts.slice(hosts)];
    writeFileSync(join(directory, "essay.toml"), configuration(web, front));
    writeFileSync(join(directory, "supervisord.conf"), template);
    const upstreams = { upstreamA: serversOf(web, "a"), upstreamB: serversOf(web, "b") };
    const all: LabNginx[] = [];
    for (const user of front)
      all.push(await startNginx({ upstreams, user, directory: join(user.home, "nginx") }));
    const deploy = async (version: string, side: Side) => {
      tiny(index.directory, version, "tiny", server(version));
      await run(`es deploy -R web ${version} ${side}`);
    };
    await deploy(firstVersion, "a");
    return {
      balancers: all,
      deploy,
      switchTo: async (side, ...flags) => {
        await run(`es-hosts nginx | es-nginx-switch -q ${["--to", side, ...flags].join(" ")}`);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
