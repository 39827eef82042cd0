# The deploy of the program that this one takes after, command by command, by Fabric 2: one connection for each host,
# 30 threads. Where a try to start supervisord meets the one that is still ending, it tries again at once.
# Arguments: a file with a line "USER@ADDRESS:PORT BIND PREFIX" for each host, a file for ssh -F, the index, the
# virtualenv, its port prefix, the template of supervisord.conf, the project, its version.

import io
import sys
from concurrent.futures import ThreadPoolExecutor

from fabric import Config, Connection
from jinja2 import Template
from paramiko import SSHConfig

hosts, ssh_config, index, name, port, template, project, version = sys.argv[1:]
settings = SSHConfig.from_path(ssh_config)
# Only the key that the configuration names.
keys = {"allow_agent": False, "look_for_keys": False}


def work(line):
    host, bind, prefix = line.split()
    # One for each connection, as in Fabric's own groups: threads that share one find it empty at times.
    config = Config(ssh_config=settings)
    with Connection(host, config=config, connect_kwargs=keys) as connection:

        def run(command, fails=False):
            return connection.run(command, hide=True, warn=fails, in_stream=False)

        def exists(path):
            return run(f'test -e "{path}"', fails=True).ok

        venv = f"{prefix}/{name}"
        ensure_virtualenv(run, exists, venv)
        if not exists(f"{venv}/bin/activate"):
            raise RuntimeError(f"{host} has no {venv}")
        activated = f'. "{venv}/bin/activate" && '
        installed = run(f"{activated}{venv}/bin/pip freeze").stdout
        if "supervisor==" not in installed:
            run(f"{activated}{venv}/bin/pip install -i {index} supervisor")
        upload_conf(connection, run, exists, venv, bind)
        run(f"{activated}{venv}/bin/pip install -i {index} {project}=={version}")
        control = f"{activated}cd {venv} && bin/supervisorctl -c etc/supervisord.conf"
        run(f"{control} shutdown", fails=True)
        for _ in range(20):
            if run(f"{activated}cd {venv} && bin/supervisord -c etc/supervisord.conf", fails=True).ok:
                return
        raise RuntimeError(f"{host} has no supervisord")


def ensure_virtualenv(run, exists, venv):
    if exists(f"{venv}/bin/activate"):
        return
    run("which virtualenv")
    run(f'virtualenv --quiet "{venv}"')
    for folder in ("logs", "etc", "tmp"):
        if not exists(f"{venv}/{folder}"):
            run(f"mkdir -p {venv}/{folder}")


def upload_conf(connection, run, exists, venv, bind):
    values = {
        "run_root": venv,
        "venv_dir": venv,
        "virtualenv_name": name,
        "project": project,
        "profile": "test",
        "port": port,
        "bind": bind,
        "process_count": 2,
        "username": "user",
        "password": "password",
    }
    with open(template) as file:
        text = Template(file.read()).render(values)
    target = f"{venv}/etc/supervisord.conf"
    run(f"test -d {target}", fails=True)
    if exists(target):
        run(f"cp {target} {target}.bak")
    connection.put(io.StringIO(text), target)


with open(hosts) as file, ThreadPoolExecutor(30) as pool:
    for _ in pool.map(work, file.read().splitlines()):
        pass
