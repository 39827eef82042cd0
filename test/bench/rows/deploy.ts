// A whole deploy of one wheel to four hosts, where nothing is yet and where nothing is new.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Deployment, startDeployment } from "../../lab/deployment.js";
import { identity, until } from "../../lab/processes.js";
import { pathWithBins, recordsOf } from "../../lab/program.js";
import type { Bench, Comparison, Side } from "../comparison.js";
import { timeCommand } from "../time-command.js";

const written = fileURLToPath(new URL("../../../../test/bench/", import.meta.url));
let lab: Deployment | undefined;

/** One way to deploy: its own virtualenv on the same hosts. */
interface Way {
  venv: string;
  /** Runs the deploy; resolves to milliseconds. */
  deploy(): Promise<number>;
}

/** Ends what runs in a virtualenv of each host, and takes it away. */
async function clear({ ssh }: Deployment, venv: string): Promise<void> {
  for (const { prefix } of ssh.hosts) {
    const file = join(prefix, venv, "tmp/supervisord.pid");
    if (existsSync(file)) {
      const pid = Number(readFileSync(file, "utf8"));
      if (identity(pid) !== undefined) process.kill(pid);
      await until("the end of supervisord", () => identity(pid) === undefined);
    }
    rmSync(join(prefix, venv), { recursive: true, force: true });
  }
}

function essayWay({ project, ssh, index }: Deployment, version: string): Way {
  const env = {
    PATH: pathWithBins,
    ESSAY_SSH_CONFIG: ssh.sshConfig,
    ESSAY_INDEX: index.url,
  };
  const command = ["es", "deploy", "-R", "dev", version, "a", "test"];
  return { venv: "a", deploy: () => timeCommand(command, { folder: project, env }) };
}

function fabricWay({ project, ssh, index }: Deployment, version: string, folder: string): Way {
  const hosts = join(folder, "hosts");
  writeFileSync(
    hosts,
    ssh.hosts.map(({ entry, address, prefix }) => `${entry} ${address} ${prefix}\n`).join(""),
  );
  const template = join(project, "conf/supervisord.conf");
  const command = [
    ...["/usr/bin/python3", join(written, "deploy_with_fabric.py"), hosts, ssh.sshConfig, index.url],
    ...["b", "881", template, "essay_demo", version],
  ];
  return { venv: "b", deploy: () => timeCommand(command, { folder }) };
}

function ansibleWay({ project, ssh, index }: Deployment, version: string, folder: string): Way {
  const hosts = join(folder, "inventory");
  const line = ({ address, port, user, home }: (typeof ssh.hosts)[number]) =>
    `${address} ansible_user=${user} ansible_port=${port} ansible_python_interpreter=/usr/bin/python3 home=${home}\n`;
  writeFileSync(hosts, ssh.hosts.map(line).join(""));
  const variables = {
    ...{ name_of_venv: "c", port: "882", index: index.url, project: "essay_demo", version },
    template_file: join(project, "conf/supervisord.conf"),
  };
  const command = [
    ...["ansible-playbook", "-i", hosts, "-e", JSON.stringify(variables)],
    ...["--ssh-common-args", `-F ${ssh.sshConfig}`, join(written, "deploy_with_ansible.yml")],
  ];
  let runs = 0;
  const deploy = () => {
    // Connections are shared by the tasks of a run, and not with an earlier run.
    const control = join(folder, `c${++runs}`);
    mkdirSync(control);
    const env = {
      ANSIBLE_SSH_ARGS: "-o ControlMaster=auto -o ControlPersist=10s",
      ANSIBLE_SSH_CONTROL_PATH_DIR: control,
      ...{ ANSIBLE_PIPELINING: "1", ANSIBLE_LOCAL_TEMP: folder, ANSIBLE_NOCOWS: "1" },
    };
    return timeCommand(command, { folder, env });
  };
  return { venv: "c", deploy };
}

export const bench: Bench = {
  note: `The rows of deploys: \`es deploy\` makes the virtualenv, installs the wheel and supervisor, starts two processes, waits
until they have run for a second (\`startsecs\`), and asks each for its page; so does the playbook, with pipelining. The sequence on
Fabric 2 ends with the start of supervisord and asks nobody; where nothing is new, it starts all processes anew. Hosts
and package index are on this machine and share its processors with all of them: in a first deploy, pip runs twice on
each host whoever deploys, and that is most of every side's time.`,

  async make(folder) {
    // Fabric and Ansible send files by SFTP.
    lab = await startDeployment({ hosts: 4, config: ["Subsystem sftp internal-sftp"] });
    const built = await lab.sh("es build");
    if (built.status !== 0) throw new Error(built.report);
    const version: string = recordsOf(built.stdout)[0].version;
    const [ours, fabric, ansible] = [
      essayWay(lab, version),
      fabricWay(lab, version, folder),
      ansibleWay(lab, version, folder),
    ];
    const first = ({ venv, deploy }: Way, on: Deployment): Side => {
      return async () => {
        await clear(on, venv);
        return deploy();
      };
    };
    const sequence = { first: "Fabric 2, 17 operations on each host", again: "Fabric 2, the same again" };
    const what = { first: "deploy of one wheel to 4 hosts", again: "deploy with nothing new to 4 hosts" };
    const rows: Comparison[] = [
      {
        ...{ what: what.first, against: sequence.first, budget: 0.5, binding: false },
        ...{ ours: first(ours, lab), theirs: first(fabric, lab), pairs: 3 },
      },
      {
        ...{ what: what.again, against: sequence.again, budget: 0.25, binding: false },
        ...{ ours: ours.deploy, theirs: fabric.deploy, pairs: 5 },
      },
      {
        ...{ what: what.first, against: "Ansible, a playbook", budget: 0.5, binding: false },
        ...{ ours: first(ours, lab), theirs: first(ansible, lab), pairs: 3 },
      },
      {
        ...{ what: what.again, against: "Ansible, a playbook", budget: 0.25, binding: false },
        ...{ ours: ours.deploy, theirs: ansible.deploy, pairs: 3 },
      },
    ];
    return rows;
  },

  async end() {
    await lab?.stop();
  },
};
