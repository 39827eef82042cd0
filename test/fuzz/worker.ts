// A subject in a thread of its own, which can be ended where it hangs, and whose memory is bounded.

import { parentPort, workerData } from "node:worker_threads";
import { subjects } from "./subjects.js";
import { trySubject } from "./try-subject.js";

/** What the thread is told. In `under` stands the input that is being read: its number, its length, its bytes. */
export interface Task {
  name: string;
  cases: number;
  seed: number;
  under: SharedArrayBuffer;
}

const { name, cases, seed, under } = workerData as Task;
const [numbers, bytes] = [new Int32Array(under, 0, 2), new Uint8Array(under, 8)];
const subject = subjects.find((one) => one.name === name);
if (!subject) throw new Error(`there is no subject ${name}`);
const before = (input: Buffer) => {
  bytes.set(input.subarray(0, bytes.length));
  numbers[1] = Math.min(input.length, bytes.length);
  Atomics.add(numbers, 0, 1);
};
parentPort?.postMessage(await trySubject(subject, { cases, seed, before }));
