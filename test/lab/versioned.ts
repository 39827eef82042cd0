// A project whose pages tell its version, and the template that has supervisord run it. It is quick to start.

import { templateOf } from "./daemon.js";

/** The text of its one module, `tiny`. A page whose path begins with /slow takes a fifth of a second. */
export const server = (version: string) => `version = "${version}"


def answer(connection):
    with connection:
        if connection.recv(65536).startswith(b"GET /slow"):
            time.sleep(0.2)
        connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nversion %s\\n" % version.encode())


if __name__ == "__main__":
    import socket, sys, threading, time

    listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0],)).start()
`;

export const template =
  templateOf(`command="{{venv_dir}}/bin/python" -I -m tiny {{bind}} {{port}}%(process_num)d
process_name=%(program_name)s_%(process_num)d
numprocs={{process_count}}
directory={{run_root}}
startsecs=1
redirect_stderr=true
stdout_logfile={{run_root}}/logs/tiny.log
`);
