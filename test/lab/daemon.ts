// A supervisord of a test's own that runs one program: a template for es-supervisor.

/** The template of supervisord.conf with everything but the program's own lines, which begin with `command=`. */
export function templateOf(program: string): string {
  return `[unix_http_server]
file={{run_root}}/tmp/supervisor.sock
chmod=0700
username={{username}}
password={{password}}
[supervisord]
logfile={{run_root}}/logs/supervisord.log
pidfile={{run_root}}/tmp/supervisord.pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{{run_root}}/tmp/supervisor.sock
username={{username}}
password={{password}}
[program:{{project}}]
${program}`;
}
