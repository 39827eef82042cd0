// Many of our processes run at once, and none makes much garbage that lives long.

import { setFlagsFromString } from "node:v8";

/** For a batch of so many hosts or more, memory counts for more than time. */
const many = 256;

const set = new Set<string>();
function setOnce(flag: string): void {
  if (set.has(flag)) return;
  set.add(flag);
  setFlagsFromString(flag);
}

/**
 * Keeps the space for new objects as small as it is, instead of up to 16 MB: a fifth of the memory of a pipeline that
 * reaches many hosts. As a flag of Node (--max-semi-space-size) it would have to stand in each first line. When the
 * batch is large, garbage is collected sooner, too: a step has 5 MB of its own, and with a thousand hosts 15 MB of
 * garbage beside it by the time V8 would look; for fewer hosts that is not worth the time, some hundredths.
 *
 * Call it when all modules are loaded: V8 takes what it has compiled before, as Node has it of its own modules, only
 * with the flags with which it did so.
 */
export function keepHeapSmall(hosts: number): void {
  setOnce("--semi-space-growth-factor=1");
  if (hosts >= many) setOnce("--optimize-for-size");
}
