# Fabric 2 on many hosts: one connection for each, 30 threads, so many commands that do nothing one after the other.
# Arguments: a file with the hosts, a file for ssh -F, the number of commands. (As fabric.py it would import itself.)

import sys
from concurrent.futures import ThreadPoolExecutor

from fabric import Config, Connection
from paramiko import SSHConfig

hosts, ssh_config, count = sys.argv[1:]
settings = SSHConfig.from_path(ssh_config)
# Only the key that the configuration names.
keys = {"allow_agent": False, "look_for_keys": False}


def work(host):
    # One for each connection, as in Fabric's own groups: threads that share one find it empty at times.
    config = Config(ssh_config=settings)
    with Connection(host, config=config, connect_kwargs=keys) as connection:
        for _ in range(int(count)):
            connection.run("true", hide=True, in_stream=False)


with open(hosts) as file, ThreadPoolExecutor(30) as pool:
    for _ in pool.map(work, file.read().split()):
        pass
