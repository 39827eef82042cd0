#!/usr/bin/env node
// es-report: drains a stream of records into a table, a summary, or a page with a time line.

import { UsageError } from "../lib/base/failure.js";
import { printableJson } from "../lib/base/printable.js";
import { run } from "../lib/cli.js";
import { checkFolderOf, writeWhole } from "../lib/report/file.js";
import { renderHtml } from "../lib/report/html.js";
import { renderMarkdown } from "../lib/report/markdown.js";
import { sentenceOf, summarise } from "../lib/report/summary.js";
import { drain } from "../lib/step.js";
import { renderTable } from "../lib/stream/table.js";

const command = {
  name: "es-report",
  summary: "drain a stream of records into a table, a summary, or a page with a time line",
  usage: ["[--markdown | --json] [--html FILE] < RECORDS"],
  operands: [0, 0],
  options: {
    html: { value: "FILE", help: "also write a page of HTML with a time line of hosts and steps to FILE" },
    markdown: { help: "Markdown instead of the table" },
    json: { help: "the summary as one line of JSON instead of the table" },
  },
} as const;

run(command, async ({ flags, context }) => {
  const { html, markdown, json } = flags;
  if (markdown && json) throw new UsageError("--markdown and --json exclude each other");
  if (html !== undefined) await checkFolderOf(html);
  let page = "";
  const status = await drain(context, (records, missing) => {
    const summary = summarise(records, missing);
    if (html !== undefined) page = renderHtml(records, summary);
    if (json) return printableJson(JSON.stringify(summary));
    if (markdown) return renderMarkdown(records, summary);
    return renderTable(records) + (summary.records + missing > 1 ? sentenceOf(summary) : "");
  });
  if (html !== undefined && page !== "") await writeWhole(html, page);
  return status;
});
