// The aliases that everybody has; [alias] in essay.toml adds more, or says them anew.

import type { Sides } from "./template.js";

const balancers = "es-hosts {-R:ROLE=config.nginx.role=nginx} --become={--become?} {--dry-run!}";
const switching = `${balancers} | es-nginx-switch {1:SRC} {2:DST} {@}`;

/** What es-nginx does, on the balancers. */
const nginx = (verb: string) => `${balancers} | es-nginx ${verb} {@}`;

/** What es-supervisor does, on the hosts of a role; without one it is a step of a pipeline. */
const supervisor = (verb: string) => `{if -R} es-hosts {-R:ROLE} {--dry-run!} | es-supervisor ${verb} {@}`;

/** The commands of pip, but for those that are called as programs of essay are: check, completion, help, index, wheel. */
export const pipCommands: readonly string[] = [
  ...["install", "uninstall", "download", "freeze", "list", "show", "search", "inspect", "config", "cache"],
  ...["hash", "lock", "debug"],
];

/** A command of pip, for the Python of whoever types it. */
const pip = (command: string) => `python3 -m pip ${command} {@}`;

const packing = [
  "es-sdist --branch={--branch?} --tag={--tag?} --commit={--commit?} --repo={--repo?} --on={--on?}",
  "es-wheel --index={--index?} --on={--on?}",
];

/** The stages that are there on a condition only. */
const only = (condition: string, stages: readonly string[]) =>
  stages.map((stage) => `${condition} ${stage}`).join(" | ");

/** What es-pip is told where the command line names the version, rather than the records. */
const named = (version: string) => `{config.project}==${version} --release={--release?} `;

/** After these stages a version runs in a virtualenv, and is seen to be well; `install` is what es-pip is told. */
const bringUp = (install: string, venv: string) => [
  `es-venv ${venv} --wait={--wait?}`,
  `es-pip ${install}--index={--index?} --wait={--wait?}`,
  "{if config.deploy.conf} es-conf --wait={--wait?}",
  "{if config.deploy.pre} es-run --hook deploy.pre --wait={--wait?}",
  "es-supervisor up --wait={--wait?}",
  "es-check --max-fail={--max-fail?}",
  "{if config.deploy.post} es-run --hook deploy.post --wait={--wait?} --max-fail={--max-fail?}",
];

/** The same on the side that nobody uses; a version that is marked bad only with the flag `despite`. */
const bringUpIdle = (version: string, despite?: string) => [
  "es-live",
  `${despite ? `{unless ${despite}} ` : ""}es-status --not-bad=${version}`,
  ...bringUp(named(version), "{idle}"),
];

const servers = (profile: string) =>
  `es-hosts {-R:ROLE=config.deploy.role} --profile=${profile} {--dry-run!}`;

/** Users go over to the other side, and what may run on one side only follows them. */
const goOver = [
  "es-hosts {config.nginx.role=nginx} {--dry-run!} | es-nginx-switch --to={idle} --probe={--probe?} --expect={--expect?} --confirm={--confirm?} {--wait-drain!} --wait={--wait?}",
  // Balancers that are not told that all is well go back by themselves, so nothing may follow them before.
  only("{if --confirm} {unless --dry-run}", [
    "es-hosts {-R:ROLE=config.deploy.role}",
    "es-status {idle} --ready --wait={--wait?}",
    "es-check --max-fail={--max-fail?}",
  ]),
  only("{if --confirm} {unless --dry-run}", [
    "es-hosts {config.nginx.role=nginx}",
    "es-nginx-switch --confirm-now --wait={--wait?}",
  ]),
  // In a dry run the old side is still served, and the new one may not be there.
  [
    "es-hosts {-R:ROLE=config.deploy.role} {--dry-run!}",
    "{unless --dry-run} es-live",
    "es-supervisor deactivate {live} --wait={--wait?} --max-fail={--max-fail?}",
    "{unless --dry-run} es-supervisor activate {idle} --wait={--wait?} --max-fail={--max-fail?}",
  ].join(" | "),
];

export const builtinAliases: Readonly<Record<string, string>> = {
  create: "es-init --git {@}",
  latest: "es-version latest {@}",
  next: "es-version next {@}",
  build: [
    "{unless --version} es-version next --name={--name?} --index={--index?} {--dry-run!} -- es package --index={--index?} {@}",
    only("{if --version}", [
      "es-version use {--version} --name={--name?} {--dry-run!}",
      ...packing,
      "es-upload --index={--index?}",
    ]),
  ].join(" | "),
  package: [...packing, "es-upload --index={--index?} --new"].join(" | "),
  deploy: [
    "{unless --retry} es-hosts {-R:ROLE} --profile={3:PROFILE?} {--dry-run!}",
    "{if --retry} es-pick --failed --clear-errors --role={-R?} {--dry-run!} {--retry:FILE}",
    ...bringUp(named("{1:VERSION}"), "{2:VENV}"),
  ].join(" | "),
  release: [
    [servers("{2:PROFILE?}"), ...bringUpIdle("{1:VERSION}", "--even-bad")].join(" | "),
    ...goOver,
  ].join(" && "),
  rollback: [
    only("{unless --to}", [
      "es-hosts {-R:ROLE=config.deploy.role} {--dry-run!}",
      "es-status {idle} --ready --other-than={live} --wait={--wait?}",
      "es-check --max-fail={--max-fail?}",
    ]),
    only("{if --to}", [servers("{1:PROFILE?}"), ...bringUpIdle("{--to:VERSION}")]),
    ...goOver,
  ].join(" && "),
  quickdeploy: [
    "es build --name={--name?} --version={--version?} --branch={3:BRANCH?} --tag={--tag?} --commit={--commit?} --on={--on?} --index={--index?} {--dry-run!}",
    "es-hosts {-R:ROLE} --release - --profile={2:PROFILE?} {--dry-run!}",
    ...bringUp("", "{1:VENV}"),
  ].join(" | "),
  validate: "es-hosts {-R:ROLE} | es-supervisor status {1:VENV} | es-check {@}",
  "supervisor reload": supervisor("reload"),
  "supervisor start": supervisor("start"),
  "supervisor stop": supervisor("stop"),
  "supervisor restart": supervisor("restart"),
  switch: switching,
  "nginx start": nginx("start"),
  "nginx stop": nginx("stop"),
  "nginx reload": nginx("reload"),
  "nginx test": nginx("test"),
  "nginx switch": switching,
  sync: "es-fetch --from={--from?} {@} | es-upload --index={--index?}",
  ...Object.fromEntries(pipCommands.map((command) => [command, pip(command)])),
  pinstall: `es-index use --index={--index?} -- ${pip("install")}`,
};

/** What is told, before anything runs, of an alias that names the sides. */
export function announcement(alias: string, { live, idle }: Sides): string {
  if (alias === "release")
    return `nginx serves ${live}: the release is for ${idle}, and users follow when all is well there`;
  if (alias === "rollback") return `nginx serves ${live}: users go back to ${idle} when all is well there`;
  return `nginx serves ${live}, and ${idle} is idle`;
}
