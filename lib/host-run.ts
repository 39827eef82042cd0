// Running a user's command on the host of a record: what it is told, what comes back, and what may not.

import { firstBytes, lastBytes, Tail } from "./base/bytes.js";
import { Failure, UsageError } from "./base/failure.js";
import { Lines } from "./base/lines.js";
import { showCommand } from "./base/quote.js";
import type { Ran, RecordWith } from "./base/schema.js";
import { hideCredentials } from "./base/url.js";
import type { Configuration } from "./config/schema.js";
import type { Settings } from "./config/settings.js";
import { Results } from "./remote/results.js";
import { type Variable, withoutSecrets } from "./run/variables.js";
import type { Payload, Target, Transport } from "./transport/contract.js";
import { type Circumstances, runScript } from "./transport/run-script.js";

/** What is to be run. */
export interface HostCommand {
  /** The command and its arguments; for a script its name and its arguments. */
  words: readonly string[];
  script: Payload | undefined;
  variables: readonly Variable[];
  /** Where it runs: absolute, below ~/, or relative to the virtualenv; undefined for the home directory. */
  directory: string | undefined;
  /** It changes nothing: no lock is taken. */
  looks: boolean;
}

/** A command of the configuration, and whether one host runs it for all of them. */
export interface Hook {
  words: string[];
  once: boolean;
}

/** The commands of the key deploy.pre or deploy.post; none where it is not set. Throws UsageError for another key. */
export function hooksOf(key: string, { deploy }: Configuration): Hook[] {
  if (key !== "deploy.pre" && key !== "deploy.post")
    throw new UsageError(`--hook takes deploy.pre or deploy.post, not ${key}`);
  const hooks = key === "deploy.pre" ? deploy?.pre : deploy?.post;
  return [hooks ?? []].flat().map((hook) => {
    const { run, once = false } = typeof hook === "string" ? { run: hook } : hook;
    return { words: ["sh", "-c", run], once };
  });
}

/** What came of a command that has begun; of a dry run, `ran` is undefined, and so it is of a lost connection. */
export interface HostRun {
  ran: Ran | undefined;
  failed: Failure | undefined;
}

/** The deploy, in variables for a command. Those of which nothing is known are left out. */
export function deployVariables(
  settings: Settings,
  record: RecordWith<"host" | "project" | "version" | "commit" | "profile" | "venv">,
): Variable[] {
  const values = {
    ESSAY_PROJECT: settings.find("project", { record: record.project }),
    ESSAY_VERSION: record.version,
    ESSAY_COMMIT: record.commit,
    ESSAY_PROFILE: settings.find("profile", { record: record.profile }),
    ESSAY_VENV: record.venv?.name,
    ESSAY_HOST: record.host,
  };
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value, secret: false }],
  );
}

/** What a command is called in messages: without the passwords of URLs in it. */
export function titleOf(words: readonly string[]): string {
  const [first, second, third] = words;
  const text = hideCredentials(
    first === "sh" && second === "-c" && words.length === 3 ? (third ?? "") : showCommand(words),
  );
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}

const keptOutput = 65_536;
const keptStderr = 4096;

/**
 * Runs it. Throws Failure where the command has not begun to run: no-venv, no-directory, no-command, locked,
 * half-done, and a transport's.
 */
export async function runOnHost(
  transport: Transport,
  record: Target & RecordWith<"venv">,
  command: HostCommand,
  task: Circumstances,
): Promise<HostRun> {
  const { words, variables, script } = command;
  const secrets = variables.filter(({ secret }) => secret).map(({ value }) => value);
  const title = withoutSecrets(titleOf(words), secrets);
  // More than is kept, so that a secret at the edge is whole, and is seen.
  const margin = Math.max(0, ...secrets.map((secret) => Buffer.byteLength(secret)));
  const stderr = new Tail(keptStderr + margin);
  const lines = new Lines((line) => task.show?.(`${hideCredentials(withoutSecrets(line, secrets))}\n`));
  const stderrText = () => lastBytes(withoutSecrets(stderr.toString(), secrets), keptStderr).trim();
  const results = new Results();
  const shown: Circumstances = {
    ...task,
    show: (text) => {
      stderr.push(Buffer.from(text));
      lines.push(text);
    },
  };
  const args = [
    record.venv?.path ?? "-",
    command.looks ? "1" : "0",
    command.directory ?? "-",
    title,
    script ? "script" : "program",
    String(keptOutput + margin),
    task.show ? "1" : "0",
    String(variables.length),
    ...variables.map(({ name, value }) => `${name}=${value}`),
    ...(script ? words.slice(1) : words),
  ];
  try {
    await runScript(
      transport,
      record,
      {
        parts: ["state", "run"],
        args,
        locks: command.looks ? undefined : record.venv?.path,
        code: "run-failed",
        results,
        ...(script && { payload: script }),
      },
      shown,
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { stderr: said, ...rest } = error.details;
    const safe = { ...rest, ...(said !== undefined && { stderr: stderrText() }) };
    const failed = new Failure(error.code, withoutSecrets(error.message, secrets), safe);
    if (results.get("began") === undefined) throw failed;
    return { ran: undefined, failed };
  } finally {
    lines.end();
  }
  if (results.get("began") === undefined) return { ran: undefined, failed: undefined };

  const all = hideCredentials(withoutSecrets(results.get("stdout") ?? "", secrets));
  const stdout = firstBytes(all, keptOutput);
  const signal = results.get("signal");
  const exit = signal === undefined ? Number(results.get("exit")) : null;
  const ran: Ran = {
    args: words.map(hideCredentials),
    exit,
    ...(signal !== undefined && { signal }),
    stdout,
    ...((results.get("cut") !== undefined || stdout !== all) && { cut: true }),
  };
  if (exit === 0) return { ran, failed: undefined };
  const how = signal === undefined ? `ended with status ${exit}` : `was ended by ${signal}`;
  const text = stderrText();
  const failed = new Failure("command-failed", `${title} ${how}`, {
    ...(exit !== null && { exit }),
    ...(signal !== undefined && { signal }),
    ...(text !== "" && { stderr: text }),
  });
  return { ran, failed };
}
