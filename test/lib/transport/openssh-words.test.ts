import assert from "node:assert/strict";
import { test } from "node:test";
import { failureFrom } from "../../../lib/transport/openssh-words.js";
import { Passing } from "../../../lib/transport/second-tries.js";

const debug = "OpenSSH_9.2p1\ndebug1: Reading configuration data /etc/ssh/ssh_config\n";
const newKeys = "debug1: SSH2_MSG_NEWKEYS received\n";

for (const [code, said] of [
  ["unresolved", "ssh: Could not resolve hostname web1: Name or service not known"],
  ["refused", "ssh: connect to host web1 port 22: Connection refused"],
  ["timeout", "ssh: connect to host web1 port 22: Connection timed out"],
  ["timeout", "Connection timed out during banner exchange"],
  ["unreachable", "ssh: connect to host web1 port 22: No route to host"],
  ["unreachable", "kex_exchange_identification: read: Connection reset by peer"],
  ["host-key-unknown", "No ED25519 host key is known for web1 and you have requested strict checking."],
  ["host-key-changed", "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @"],
  ["host-key-revoked", "@       WARNING: REVOKED HOST KEY DETECTED!               @"],
  ["auth-failed", "u@web1: Permission denied (publickey)."],
  ["unreachable", ""],
] as const)
  test(`${code}: ${said}`, () => {
    const failure = failureFrom("web1", { own: `${debug}${said}\n`, stderr: "", status: 255 });
    assert.equal(failure.code, code);
    assert.match(failure.message, /web1/);
    assert.doesNotMatch(failure.message, /debug1|OpenSSH_/);
  });

test("only what may be gone at the next try is passing", () => {
  const isPassing = (own: string) => failureFrom("web1", { own, stderr: "", status: 255 }) instanceof Passing;
  assert.ok(isPassing("ssh: Could not resolve hostname web1: Temporary failure in name resolution"));
  assert.ok(isPassing("kex_exchange_identification: Connection closed by remote host"));
  assert.ok(!isPassing(`${newKeys}Connection closed by 10.0.0.1 port 22`));
  assert.ok(!isPassing("u@web1: Permission denied (publickey)."));
});

test("what was tried and what the server offers", () => {
  const said = `debug1: Authentications that can continue: publickey,password
debug1: Offering public key: /home/me/.ssh/id_ed25519 ED25519 SHA256:abc explicit
u@web1: Permission denied (publickey,password).`;
  const { message } = failureFrom("web1", { own: said, stderr: "", status: 255 });
  assert.match(
    message,
    /tried: \/home\/me\/.ssh\/id_ed25519 ED25519 SHA256:abc; the server offers: publickey, password$/,
  );
});

test("what the host says counts for nothing, except behind another program", () => {
  const banner = "Permission denied to strangers\nConnection refused\nCould not resolve hostname\n";
  const closed = "kex_exchange_identification: Connection closed by remote host\n";
  const failure = failureFrom("web1", { own: closed, stderr: banner, status: 255 });
  assert.deepEqual([failure.code, failure instanceof Passing], ["unreachable", true]);
  const proxied = `debug1: Executing proxy command: exec ssh -W '[web1]:22' jump\n${closed}`;
  const behind = {
    own: proxied,
    stderr: "ssh: connect to host jump port 22: Connection refused\n",
    status: 255,
  };
  assert.equal(failureFrom("web1", behind).code, "refused");
});

test("after the log-in, a shell that is none, or a connection that is lost", () => {
  const own = 'Authenticated to web1 ([10.0.0.1]:22) using "publickey".\n';
  const none = failureFrom("web1", { own, stderr: "Permission denied\n", status: 1 });
  assert.deepEqual([none.code, none.details.exit], ["exec-failed", 1]);
  assert.match(none.message, /web1 ran no POSIX shell for us: Permission denied$/);
  const lost = `${own}Connection to web1 closed by remote host.\n`;
  assert.equal(failureFrom("web1", { own: lost, stderr: "", status: 255 }).code, "connection-lost");
});
