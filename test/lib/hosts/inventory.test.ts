import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { type RoleConfig, selectHosts } from "../../../lib/hosts/inventory.js";

const ssh = (host: string, ...roles: string[]) => ({ host, transport: "ssh", roles });
const words = (...asked: string[]) => asked.map((word) => ({ word }));

/** What is selected from roles by words. */
function select(roles: Record<string, RoleConfig>, ...asked: string[]) {
  return selectHosts(words(...asked), roles, {});
}

function refused(message: RegExp, select: () => unknown) {
  assert.throws(select, (error) => error instanceof UsageError && message.test(error.message));
}

test("the hosts of roles, in their order", () => {
  const roles = { dev: ["web[1-2].x", "me@web3.x:2222"], nginx: { hosts: ["lb1"] } };
  assert.deepEqual(select(roles, "nginx", "dev"), [
    ssh("lb1", "nginx"),
    ssh("web1.x", "dev"),
    ssh("web2.x", "dev"),
    { ...ssh("web3.x", "dev"), user: "me", port: 2222 },
  ]);
});

test("a role says things about all its hosts; a host's own user and port win", () => {
  const roles = {
    dev: {
      hosts: ["web1", "you@web2:23"],
      user: "me",
      port: 22,
      prefix: "/srv",
      bind: "{host}",
      become: "app",
      index: "pypi",
      vars: { a: 1 },
    },
  };
  const common = { prefix: "/srv", become: "app", index: "pypi", vars: { a: 1 } };
  assert.deepEqual(select(roles, "dev"), [
    { ...ssh("web1", "dev"), ...common, user: "me", port: 22, bind: "web1" },
    { ...ssh("web2", "dev"), ...common, user: "you", port: 23, bind: "web2" },
  ]);
});

test("a host in two roles comes once, with both roles and what both say", () => {
  const roles = {
    dev: { hosts: ["web1", "web2"], prefix: "/srv", vars: { a: 1 } },
    nginx: { hosts: ["web2"], bind: "::1", vars: { b: 2 } },
  };
  assert.deepEqual(select(roles, "dev", "nginx"), [
    { ...ssh("web1", "dev"), prefix: "/srv", vars: { a: 1 } },
    { ...ssh("web2", "dev", "nginx"), prefix: "/srv", bind: "::1", vars: { a: 1, b: 2 } },
  ]);
});

test("a host that is named twice comes once", () => {
  assert.deepEqual(select({ dev: ["a.x", "a.x"] }, "dev", "a.x", "dev"), [ssh("a.x", "dev")]);
});

test("another user or port is another host", () => {
  const hosts = select({}, "a@web.x", "b@web.x", "web.x:1", "web.x:2");
  assert.equal(hosts.length, 4);
});

test("a host is the same where only one of two says user or port", () => {
  const roles = { web: ["web1", "web2"], db: { hosts: ["web1"], user: "postgres", port: 23 } };
  const both = { ...ssh("web1", "web", "db"), user: "postgres", port: 23 };
  assert.deepEqual(select(roles, "web", "db"), [both, ssh("web2", "web")]);
  assert.deepEqual(select(roles, "db", "web"), [{ ...both, roles: ["db", "web"] }, ssh("web2", "web")]);
  assert.deepEqual(select({}, "a@web.x", "web.x", "a@web.x:22"), [{ ...ssh("web.x"), user: "a", port: 22 }]);
});

test("a host that came as a record is known with its roles, and flags are laid over it", () => {
  const known = { host: "web1", transport: "ssh" as const, roles: ["dev"], prefix: "/srv", vars: { a: "1" } };
  const hosts = selectHosts(
    [{ word: "{}", known }, { word: "dev" }],
    { dev: ["web1", "web2"] },
    { user: "me" },
  );
  assert.deepEqual(hosts, [
    { ...known, user: "me" },
    { ...ssh("web2", "dev"), user: "me" },
  ]);
});

test("there is a bound on all hosts together", () => {
  refused(/^these are more than 100000 hosts$/, () => select({}, "10.0.[0-399].[0-249]", "a.x"));
});

for (const key of ["prefix", "bind", "become", "index"] as const)
  test(`two roles that disagree about ${key} of a host are a mistake`, () => {
    const roles = { a: { hosts: ["web1"], [key]: "one" }, b: { hosts: ["web1"], [key]: "two" } };
    refused(new RegExp(`^web1 has two values for ${key}: one \\(a\\) and two \\(b\\)$`), () =>
      select(roles, "a", "b"),
    );
    const [host] = selectHosts(words("a", "b"), roles, { [key]: "flag" });
    assert.equal(host?.[key], "flag");
  });

test("two roles that disagree about a variable of a host are a mistake", () => {
  const roles = { a: { hosts: ["web1"], vars: { x: 1 } }, b: { hosts: ["web1"], vars: { x: "1" } } };
  refused(/^web1 has two values for vars\.x: 1 \(a\) and 1 \(b\)$/, () => select(roles, "a", "b"));
  assert.deepEqual(selectHosts(words("a", "b"), roles, { vars: { x: "2" } })[0]?.vars, { x: "2" });
});

test("flags are laid over what roles say, and {host} in bind stands for each host", () => {
  const roles = { dev: { hosts: ["web1", "web2"], user: "me", vars: { a: 1, b: 2 } } };
  const hosts = selectHosts(words("dev"), roles, { user: "you", bind: "{host}:{host}", vars: { b: 3 } });
  assert.deepEqual(hosts, [
    { ...ssh("web1", "dev"), user: "you", bind: "web1:web1", vars: { a: 1, b: 3 } },
    { ...ssh("web2", "dev"), user: "you", bind: "web2:web2", vars: { a: 1, b: 3 } },
  ]);
});

test("$& in a host's name does nothing in bind", () => {
  refused(/is not the name/, () => selectHosts([{ word: "$&", host: true }], {}, { bind: "{host}" }));
});

test("an unknown role is a mistake, with the nearest name", () => {
  refused(
    /^there is no role prodution; did you mean production\? \(a host without a dot goes after -H\)$/,
    () => select({ production: ["x"] }, "prodution"),
  );
  refused(/^there is no role dev; no role is configured /, () => select({}, "dev"));
  refused(/there is no role constructor/, () => select({ dev: ["x"] }, "constructor"));
});

test("a role without hosts is a mistake", () => {
  refused(/^the role dev has no hosts$/, () => select({ dev: [] }, "dev"));
  refused(/^the role dev has no hosts$/, () => select({ dev: { hosts: [] } }, "dev"));
});

test("a host by -H is a host, also where a role has its name", () => {
  assert.deepEqual(selectHosts([{ word: "dev", host: true }], { dev: ["web1"] }, {}), [ssh("dev")]);
});
