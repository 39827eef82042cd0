// The aliases that everybody has; [alias] in essay.toml adds more, or says them anew.

const switching = "es-hosts {-R:ROLE=config.nginx.role=nginx} {--dry-run!} | es-nginx-switch {1:SRC} {2:DST}";

/** What es-nginx does, on the balancers. */
const balancers = (verb: string) =>
  `es-hosts {-R:ROLE=config.nginx.role=nginx} {--dry-run!} | es-nginx ${verb} {@}`;

export const builtinAliases: Readonly<Record<string, string>> = {
  create: "es-init --git {@}",
  build:
    "es-version next --name={--name?} --index={--index?} {--dry-run!} -- es package --index={--index?} {@}",
  package: [
    "es-sdist --branch={--branch?} --tag={--tag?} --commit={--commit?} --repo={--repo?} --on={--on?}",
    "es-wheel --index={--index?} --on={--on?}",
    "es-upload --index={--index?} --new",
  ].join(" | "),
  deploy: [
    "{unless --retry} es-hosts {-R:ROLE} --profile={3:PROFILE?} {--dry-run!}",
    "{if --retry} es-pick --failed --clear-errors --role={-R?} {--dry-run!} {--retry:FILE}",
    "es-venv {2:VENV} --wait={--wait?}",
    "es-pip {config.project}=={1:VERSION} --index={--index?} --wait={--wait?}",
    "{if config.deploy.conf} es-conf --wait={--wait?}",
    "{if config.deploy.pre} es-run --hook deploy.pre --wait={--wait?}",
    "es-supervisor up --wait={--wait?}",
    "es-check",
    "{if config.deploy.post} es-run --hook deploy.post --wait={--wait?}",
  ].join(" | "),
  switch: switching,
  "nginx start": balancers("start"),
  "nginx stop": balancers("stop"),
  "nginx reload": balancers("reload"),
  "nginx test": balancers("test"),
  "nginx switch": switching,
};
