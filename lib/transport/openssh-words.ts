// What the system's ssh says when it cannot reach a host, as the failures that every transport has. Only its own
// words count (its -E keeps them apart): banners and start-up files of hosts may say the same ones.

import { Failure } from "../base/failure.js";
import { Passing } from "./second-tries.js";

/** How an ssh ended that was to open a connection. */
export interface Gone {
  /** What it wrote to its own log, with -v. */
  own: string;
  /** Its stderr: the host's words, and those of ProxyCommand, which is also how ssh goes by ProxyJump. */
  stderr: string;
  status: number | null;
}

/** The last lines, without those of -v. */
function complaint(said: string): string {
  const lines = said
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "" && !/^(debug\d: |OpenSSH_|Warning: )/.test(line));
  return lines.slice(-3).join("; ");
}

function found(said: string, pattern: RegExp): string | undefined {
  return pattern.exec(said)?.[1];
}

/** What was tried, what was left out, and what the server offers, from the lines of -v. */
function story(said: string): string {
  const offered = [...said.matchAll(/^debug1: Authentications that can continue: (.*)$/gm)].at(-1)?.[1];
  const keys = [
    ...said.matchAll(/^debug1: Offering public key: (.*?) (?:agent|explicit|authenticator)?\s*$/gm),
  ];
  const tried = keys.map(([, key]) => key);
  return [
    tried.length > 0 ? `tried: ${tried.join(", ")}` : "there was no key to try",
    ...(offered === undefined ? [] : [`the server offers: ${offered.replaceAll(",", ", ")}`]),
  ].join("; ");
}

function hostKeyFailure(host: string, said: string): Failure | undefined {
  const key = found(said, /^debug1: Server host key: \S+ (\S+)/m) ?? "";
  const type = (found(said, /^debug1: Server host key: (?:ssh-)?([a-z0-9]+)/m) ?? "").toUpperCase();
  const place = /^Offending \S+ key in (.*):(\d+)\s*$/m.exec(said);
  const where = place ? ` in ${place[1]} line ${place[2]}` : "";
  if (/^@.*REVOKED HOST KEY/m.test(said) || /is marked as revoked|revoked host key/i.test(said))
    return new Failure(
      "host-key-revoked",
      `the key of ${host}, ${type} ${key}, is revoked${where}: do not use this host`,
    );
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(said)) {
    const mend = found(said, /^\s*(ssh-keygen -f .*)$/m);
    const way = mend === undefined ? "" : `; if the new key is right: ${mend.trim()}`;
    return new Failure(
      "host-key-changed",
      `the key of ${host} is ${type} ${key}, but another one is known${where}: the host was set up anew, or somebody is in between${way}`,
    );
  }
  if (/host key is known for|Host key verification failed/.test(said))
    return new Failure(
      "host-key-unknown",
      `the key of ${host} is in no known_hosts file: ${type} ${key}; compare it with what ssh-keygen -l says there, then run again with --accept-new`,
    );
  return undefined;
}

/** After the log-in nothing but its end was to be waited for. */
function failureOfCommand(host: string, { own, stderr, status }: Gone): Failure {
  if (/^(Connection (to|closed|reset)|Timeout, server|client_loop: )/m.test(own))
    return new Failure("connection-lost", `the connection to ${host} was lost before the command began`);
  const why = complaint(stderr) || `it ended with status ${status}`;
  return new Failure("exec-failed", `${host} ran no POSIX shell for us: ${why}`, {
    ...(status !== null && { exit: status }),
  });
}

/** `host`: as the record names it. */
export function failureFrom(host: string, gone: Gone): Failure {
  if (/^Authenticated to /m.test(gone.own)) return failureOfCommand(host, gone);
  // What goes through another program ends without a word of ssh: the other one has said why.
  const isBehind = /^debug1: Executing proxy command: /m.test(gone.own);
  const said = isBehind ? `${gone.own}\n${gone.stderr}` : gone.own;
  const why = complaint(said);
  const hostKey = hostKeyFailure(host, said);
  if (hostKey) return hostKey;
  if (/Could not resolve hostname/.test(said))
    return new Passing("unresolved", `cannot look up ${host}: ${why}`);
  if (/Permission denied|Too many authentication failures|No more authentication methods/.test(said))
    return new Failure("auth-failed", `${host} does not let us in; ${story(said)}`);
  if (/Connection refused/.test(said))
    return new Failure("refused", `${host} refuses connections: nobody listens there; ${why}`);
  if (/timed out/.test(said)) return new Failure("timeout", `${host} does not answer: ${why}`);
  // After the key exchange a host that hangs up has a reason; before it, it may have too much to do.
  const isBefore = !/^debug1: SSH2_MSG_NEWKEYS received/m.test(said);
  if (isBefore && /kex_exchange_identification|Connection (closed|reset) by/.test(said))
    return new Passing("unreachable", `${host} hung up before the log-in: ${why}`);
  return new Failure("unreachable", `cannot reach ${host}: ${why || "ssh ended without a word"}`);
}
