// Passwords in a file of Apache's htpasswd(1), for basic authentication (RFC 7617). Only bcrypt is taken: of the
// kinds that such files have, the others (DES, SHA-1 without salt, the thousand rounds of MD5) can be guessed too fast.

import { createHmac, randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { UsageError } from "../../base/failure.js";
import { Gate } from "../../base/gate.js";
import { isSettled } from "../store/listing.js";

const kinds: [RegExp, string][] = [
  [/^\$apr1\$/, "MD5 (apr1)"],
  [/^\$1\$/, "MD5"],
  [/^\{SHA\}/, "SHA-1 without salt"],
  [/^\$5\$/, "SHA-256 (crypt)"],
  [/^\$6\$/, "SHA-512 (crypt)"],
  [/^[./A-Za-z0-9]{13}$/, "DES (crypt)"],
];

const bcryptHash = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;

/** Checks that may wait for their turn: each takes a tenth of a second, and anybody can ask for one. */
const mostWaiting = 50;
/** Passwords that are remembered as right. */
const mostRemembered = 10_000;

/** Users and their hashes. Throws UsageError, which names the line. */
export function parseHtpasswd(text: string, path: string): Map<string, string> {
  const users = new Map<string, string>();
  for (const [index, whole] of text.split(/\r?\n/).entries()) {
    const line = whole.trim();
    if (line === "" || line.startsWith("#")) continue;
    const refuse = (why: string) => new UsageError(`${path}, line ${index + 1}: ${why}`);
    const [user = "", hash] = line.split(/:(.*)/s);
    if (hash === undefined || user === "") throw refuse("it is not of the form USER:HASH");
    if (users.has(user)) throw refuse(`the user ${user} is there already`);
    if (!bcryptHash.test(hash)) {
      const kind = kinds.find(([shape]) => shape.test(hash))?.[1];
      throw refuse(
        `the password of ${user} ${kind ? `is hashed by ${kind}` : "has no hash that is known here"}; only bcrypt is taken, as "htpasswd -B" makes it`,
      );
    }
    users.set(user, hash);
  }
  return users;
}

/** User and password of a header Authorization; undefined for another kind, or none. */
function basic(header: string | undefined): [user: string, password: string] | undefined {
  const [, encoded] = /^basic +([a-z0-9+/=_-]+) *$/i.exec(header ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const [user = "", password] = Buffer.from(encoded, "base64").toString("utf8").split(/:(.*)/s);
  return password === undefined ? undefined : [user, password];
}

/** The users of a file, which is read again when it changes. */
export class Htpasswd {
  readonly #path: string;
  readonly #warn: (line: string) => void;
  readonly #key = randomBytes(32);
  readonly #gate = new Gate(1);
  readonly #right = new Set<string>();
  #users = new Map<string, string>();
  #stamp: string | undefined;
  #warned: string | undefined;
  #waiting = 0;

  private constructor(path: string, warn: (line: string) => void) {
    this.#path = path;
    this.#warn = warn;
  }

  /** Throws UsageError for a file that cannot be read or has a line that cannot be used. */
  static async open(path: string, warn: (line: string) => void): Promise<Htpasswd> {
    const users = new Htpasswd(path, warn);
    await users.#read().catch((error: Error) => {
      throw error instanceof UsageError ? error : new UsageError(`cannot read ${path}: ${error.message}`);
    });
    return users;
  }

  async #read(): Promise<void> {
    const { ino, size, mtimeNs } = await stat(this.#path, { bigint: true });
    const stamp = `${ino} ${size} ${mtimeNs}`;
    if (stamp === this.#stamp) return;
    this.#users = parseHtpasswd(await readFile(this.#path, "utf8"), this.#path);
    this.#stamp = isSettled(mtimeNs) ? stamp : undefined;
    this.#warned = undefined;
  }

  // Who edits the file may have it broken for a moment: what was right before stays so, and that is said.
  async #refresh(): Promise<void> {
    await this.#read().catch((error: Error) => {
      if (this.#warned !== error.message) this.#warn(`${error.message}; the passwords of before stay valid`);
      this.#warned = error.message;
    });
  }

  /**
   * Whether a header Authorization names a user with the right password; "busy" when too many ask. It takes the
   * same time for a user who is not there.
   */
  async check(header: string | undefined): Promise<"right" | "wrong" | "busy"> {
    await this.#refresh();
    const [user, password] = basic(header) ?? [];
    const [other] = this.#users.values();
    if (user === undefined || password === undefined || other === undefined) return "wrong";
    const hash = this.#users.get(user);
    // pip asks for a hundred pages with the same password. Only a digest under a key of this process is kept.
    const memory = createHmac("sha256", this.#key).update(`${hash}\0${user}\0${password}`).digest("base64");
    if (hash !== undefined && this.#right.has(memory)) return "right";
    if (this.#waiting >= mostWaiting) return "busy";
    if (!(await this.#compare(password, hash ?? other)) || hash === undefined) return "wrong";
    if (this.#right.size >= mostRemembered) this.#right.clear();
    this.#right.add(memory);
    return "right";
  }

  async #compare(password: string, hash: string): Promise<boolean> {
    this.#waiting++;
    const place = await this.#gate.enter();
    try {
      const { default: bcrypt } = await import("bcryptjs");
      return await bcrypt.compare(password, hash);
    } finally {
      place.leave();
      this.#waiting--;
    }
  }
}
