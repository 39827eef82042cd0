// The states of processes, as lib/remote/supervisor.sh reports them.

import type { Process } from "../base/schema.js";

/** Reads lines "NAME STATE PID PORT", with - for a pid or port that there is not. */
export function parseProcesses(lines: readonly string[]): Process[] {
  const number = (text: string) => (text === "-" ? null : Number(text));
  return lines.map((line) => {
    const [name = "", state = "", pid = "-", port = "-"] = line.split(" ");
    return { name, state, pid: number(pid), port: number(port) };
  });
}

/** For people: "2 RUNNING, 1 STOPPED". */
export function describeProcesses(processes: readonly Process[]): string {
  if (processes.length === 0) return "no process";
  const counts = new Map<string, number>();
  for (const { state } of processes) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}
