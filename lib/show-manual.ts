// Showing a page of the manual to whoever asks for it.

import { readFileSync } from "node:fs";
import { print } from "./base/print.js";
import { isInPath } from "./base/program.js";
import { runForeground } from "./foreground.js";
import type { Interrupt } from "./interrupt.js";
import type { Page } from "./manual/pages.js";
import { plainText } from "./manual/text.js";

/** Columns for a reader whose terminal nobody knows, and the most that are easy to read. */
const usualWidth = 80;
const mostWidth = 100;

const width = (columns = usualWidth) => Math.min(columns, mostWidth) - 2;

/** An item of a page's list, from its source, as plain text. */
export async function showItem(source: string): Promise<void> {
  await print(plainText(`.Bl -tag -width Ds\n${source}.El\n`, width(process.stdout.columns)));
}

/** On a terminal by man(1), with its pager; as plain text elsewhere, and where there is no man that can show it. */
export async function showPage({ file }: Page, interrupt: Interrupt): Promise<void> {
  if (process.stdout.isTTY && isInPath("man") && (await runForeground(["man", file], {}, interrupt)) === 0)
    return;
  interrupt.signal.throwIfAborted();
  await print(plainText(readFileSync(file, "utf8"), width(process.stdout.columns)));
}
