// What each step that reaches a host says and leaves when something goes wrong in the middle, a row for each case. Of
// es-supervisor there are rows for `up`, which is meant where no verb is named, and of other verbs where they differ:
// `reload` is `up` with another reason, `start` is the second half of `restart`, `deactivate` is `activate` and then
// `stop`. What comes before all verbs, such as the connection and the lock, `up` shows for them; and a script, a step and
// a session that are killed are one thing to the host, of which each of these verbs has one.

export const steps = [
  "es-venv",
  "es-pip",
  "es-conf",
  "es-run",
  "es-supervisor",
  "es-check",
  "es-status",
] as const;
export type StepName = (typeof steps)[number];

/** A step and what it has to do, where it has several things. */
export type TaskName = StepName | `es-supervisor ${"stop" | "restart" | "reload" | "shutdown" | "activate"}`;

export type Fault =
  /** Nothing listens on the port. */
  | "unreachable"
  /** The prefix fills up; so does TMPDIR. */
  | "disk full"
  | "no room in /tmp"
  | "read-only"
  | "permission denied"
  | "tool missing"
  /** SIGKILL, while the step stands still where it would do most harm. */
  | "script killed"
  | "step killed"
  | "session killed"
  | "timeout";

/** The files, processes and marks there were; a mark of half-done work; all that was wanted. */
export type After = "as before" | "marked" | "done";

/** What the step says when it is run again without the fault: it changes something, it finds nothing to do, it looks. */
export type Rerun = "changes" | "nothing to do" | "looks";

export type Row = readonly [
  task: TaskName,
  fault: Fault,
  code: string,
  says: RegExp,
  after: After,
  rerun: Rerun,
];

/** A step that was killed writes no record. */
export const lost = "no record";

export const table: readonly Row[] = [
  ["es-venv", "unreachable", "refused", /nobody listens there$/, "as before", "changes"],
  ["es-venv", "disk full", "disk-full", /^no space left for .*\/a/, "marked", "changes"],
  ["es-venv", "no room in /tmp", "ok", /^$/, "done", "nothing to do"],
  ["es-venv", "read-only", "permission-denied", /Read-only file system$/, "as before", "changes"],
  ["es-venv", "permission denied", "permission-denied", /Permission denied$/, "as before", "changes"],
  ["es-venv", "tool missing", "python-not-found", /^no python3 in PATH/, "as before", "changes"],
  ["es-venv", "script killed", "venv-failed", /was ended by SIGKILL/, "marked", "changes"],
  ["es-venv", "step killed", lost, /^$/, "marked", "changes"],
  ["es-venv", "session killed", "connection-lost", /^es-session has gone/, "marked", "changes"],
  ["es-venv", "timeout", "timeout", /did not end within 14 s/, "marked", "changes"],

  ["es-pip", "unreachable", "refused", /nobody listens there$/, "as before", "changes"],
  ["es-pip", "disk full", "disk-full", /^no space left for .*\/a/, "marked", "changes"],
  ["es-pip", "no room in /tmp", "disk-full", /^no space left in .*\/tmp$/, "as before", "changes"],
  ["es-pip", "read-only", "permission-denied", /Read-only file system$/, "as before", "changes"],
  [
    "es-pip",
    "permission denied",
    "permission-denied",
    /^cannot write .*Permission denied$/,
    "marked",
    "changes",
  ],
  ["es-pip", "tool missing", "venv-broken", /has no pip: run es-venv again$/, "as before", "changes"],
  ["es-pip", "script killed", "pip-failed", /was ended by SIGKILL/, "marked", "changes"],
  ["es-pip", "step killed", lost, /^$/, "marked", "changes"],
  ["es-pip", "session killed", "connection-lost", /^es-session has gone/, "marked", "changes"],
  ["es-pip", "timeout", "timeout", /did not end within 14 s/, "marked", "changes"],

  ["es-conf", "unreachable", "refused", /nobody listens there$/, "as before", "changes"],
  ["es-conf", "disk full", "disk-full", /^no space left for .*big/, "as before", "changes"],
  ["es-conf", "no room in /tmp", "disk-full", /^no space left in .*\/tmp for/, "as before", "changes"],
  ["es-conf", "read-only", "permission-denied", /Read-only file system$/, "as before", "changes"],
  ["es-conf", "permission denied", "permission-denied", /Permission denied/, "as before", "changes"],
  ["es-conf", "tool missing", "ok", /^$/, "done", "nothing to do"],
  ["es-conf", "script killed", "conf-failed", /was ended by SIGKILL/, "marked", "changes"],
  ["es-conf", "step killed", lost, /^$/, "marked", "changes"],
  ["es-conf", "session killed", "connection-lost", /^es-session has gone/, "marked", "changes"],
  ["es-conf", "timeout", "timeout", /did not end within 14 s/, "marked", "changes"],

  ["es-run", "unreachable", "refused", /nobody listens there$/, "as before", "changes"],
  ["es-run", "disk full", "disk-full", /^no space left/, "as before", "changes"],
  ["es-run", "read-only", "permission-denied", /Read-only file system$/, "as before", "changes"],
  [
    "es-run",
    "permission denied",
    "permission-denied",
    /touch may not be run by this account/,
    "as before",
    "changes",
  ],
  ["es-run", "tool missing", "no-command", /no program touch in PATH/, "as before", "changes"],
  ["es-run", "script killed", "run-failed", /was ended by SIGKILL/, "as before", "changes"],
  ["es-run", "step killed", lost, /^$/, "as before", "changes"],
  ["es-run", "session killed", "connection-lost", /^es-session has gone/, "as before", "changes"],
  ["es-run", "timeout", "timeout", /did not end within 14 s/, "as before", "changes"],

  ["es-supervisor", "unreachable", "refused", /nobody listens there$/, "as before", "changes"],
  ["es-supervisor", "disk full", "disk-full", /^no space left/, "as before", "changes"],
  ["es-supervisor", "no room in /tmp", "disk-full", /^no space left/, "as before", "changes"],
  ["es-supervisor", "read-only", "permission-denied", /Read-only file system$/, "as before", "changes"],
  ["es-supervisor", "permission denied", "permission-denied", /Permission denied/, "as before", "changes"],
  [
    "es-supervisor",
    "tool missing",
    "no-supervisor",
    /has supervisor: put it on the index/,
    "as before",
    "changes",
  ],
  ["es-supervisor", "script killed", "supervisor-failed", /was ended by SIGKILL/, "marked", "changes"],
  ["es-supervisor", "step killed", lost, /^$/, "marked", "changes"],
  ["es-supervisor", "session killed", "connection-lost", /^es-session has gone/, "marked", "changes"],
  ["es-supervisor", "timeout", "timeout", /did not end within 14 s/, "marked", "changes"],

  ["es-supervisor stop", "disk full", "ok", /^$/, "done", "nothing to do"],
  ["es-supervisor stop", "read-only", "permission-denied", /Read-only file system$/, "as before", "changes"],
  ["es-supervisor stop", "permission denied", "permission-denied", /^cannot read /, "as before", "changes"],
  ["es-supervisor stop", "tool missing", "no-supervisor", /is not there any more/, "as before", "changes"],
  [
    "es-supervisor stop",
    "script killed",
    "supervisor-failed",
    /was ended by SIGKILL/,
    "done",
    "nothing to do",
  ],
  ["es-supervisor stop", "timeout", "timeout", /did not end within 14 s/, "done", "nothing to do"],

  ["es-supervisor restart", "disk full", "ok", /^$/, "done", "changes"],
  [
    "es-supervisor restart",
    "script killed",
    "supervisor-failed",
    /was ended by SIGKILL/,
    "marked",
    "changes",
  ],
  ["es-supervisor restart", "session killed", "connection-lost", /^es-session has gone/, "marked", "changes"],
  ["es-supervisor restart", "timeout", "timeout", /did not end within 14 s/, "marked", "changes"],

  ["es-supervisor reload", "disk full", "disk-full", /^no space left/, "as before", "changes"],
  ["es-supervisor reload", "step killed", lost, /^$/, "marked", "changes"],

  ["es-supervisor shutdown", "disk full", "ok", /^$/, "done", "nothing to do"],
  ["es-supervisor shutdown", "tool missing", "ok", /^$/, "done", "nothing to do"],
  ["es-supervisor shutdown", "step killed", lost, /^$/, "marked", "changes"],

  ["es-supervisor activate", "disk full", "disk-full", /^no space left/, "as before", "changes"],
  [
    "es-supervisor activate",
    "script killed",
    "supervisor-failed",
    /was ended by SIGKILL/,
    "marked",
    "changes",
  ],

  ["es-check", "unreachable", "refused", /nobody listens there$/, "as before", "looks"],
  ["es-check", "disk full", "ok", /^$/, "as before", "looks"],
  ["es-check", "permission denied", "check-failed", /Permission denied/, "as before", "looks"],
  ["es-check", "tool missing", "check-failed", /No such file/, "as before", "looks"],
  ["es-check", "script killed", "check-failed", /was ended by SIGKILL/, "as before", "looks"],
  ["es-check", "step killed", lost, /^$/, "as before", "looks"],
  ["es-check", "session killed", "connection-lost", /^es-session has gone/, "as before", "looks"],
  ["es-check", "timeout", "check-failed", /did not end in time/, "as before", "looks"],

  ["es-status", "unreachable", "refused", /nobody listens there$/, "as before", "looks"],
  ["es-status", "disk full", "ok", /^$/, "as before", "looks"],
  ["es-status", "no room in /tmp", "disk-full", /^no space left/, "as before", "looks"],
  ["es-status", "permission denied", "permission-denied", /Permission denied/, "as before", "looks"],
  ["es-status", "tool missing", "ok", /^$/, "as before", "looks"],
  ["es-status", "script killed", "status-failed", /was ended by SIGKILL/, "as before", "looks"],
  ["es-status", "step killed", lost, /^$/, "as before", "looks"],
  ["es-status", "session killed", "connection-lost", /^es-session has gone/, "as before", "looks"],
  ["es-status", "timeout", "timeout", /did not end within 14 s/, "as before", "looks"],
];
