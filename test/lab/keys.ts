// Keys of people, as ssh-keygen makes them, agents that hold them, and a person who knows their passphrases.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { until } from "./processes.js";

/** Makes a key; resolves to its file. */
export function makeKey(directory: string, name: string, passphrase = "", type = "ed25519"): string {
  const file = join(directory, name);
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", name, "-f", file]);
  return file;
}

/** An agent that holds some keys and ends with the test. */
export async function agentWith(t: TestContext, directory: string, ...files: string[]): Promise<string> {
  const socket = join(directory, "agent");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  t.after(async () => {
    agent.kill();
    await once(agent, "exit");
  });
  await until("the agent", () => existsSync(socket));
  for (const file of files)
    execFileSync("ssh-add", ["-q", file], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return socket;
}

/** Gives the answers one after the other, then none; without answers, nobody is there. */
export function asker(...answers: string[]) {
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return answers.shift();
  };
  return { isThere: answers.length > 0, isAsking: false, ask, asked };
}
