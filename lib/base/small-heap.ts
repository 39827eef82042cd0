// Many of our processes run at once, and none makes much garbage that lives long.

import { setFlagsFromString } from "node:v8";

/**
 * Keeps the space for new objects at the 1 MB with which V8 begins, instead of up to 16: a fifth of the memory of a
 * pipeline that reaches many hosts. As a flag of Node (--max-semi-space-size) it would have to stand in each first line.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

/** For a batch of so many hosts or more, memory counts for more than time. */
const many = 256;
let isForMany = false;

/**
 * Has garbage collected sooner when a batch is large: a step has 5 MB of its own, and with a thousand hosts 15 MB of
 * garbage beside it by the time V8 would look. For fewer hosts it is not worth the time, some hundredths.
 */
export function keepHeapSmallFor(hosts: number): void {
  if (hosts < many || isForMany) return;
  isForMany = true;
  setFlagsFromString("--optimize-for-size");
}
