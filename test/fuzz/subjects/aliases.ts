// Aliases: the input is the text of one.

import assert from "node:assert/strict";
import { expand, parseTemplate } from "../../../lib/alias/template.js";
import { type Subject, unlessRefused } from "../subject.js";

const hostile = `a | b && c {1:X} ; $(d) 'e" -f`;
const configured = (key: string) => (key === "project" ? hostile : undefined);

export const aliases: Subject = {
  name: "aliases",
  cases: 20_000,
  words: [
    ...[
      "es-hosts",
      " ",
      "|",
      "&&",
      "{",
      "}",
      "{1:NAME}",
      "{2:NAME?}",
      "{-R:ROLE}",
      "{--dry-run!}",
      "{@}",
      "'",
      '"',
      "$",
    ],
    ...[
      "{config.project}",
      "{config.a=config.project}",
      "=config.project",
      "{if --all}",
      "{unless config.a} ",
      "\n",
      "\0",
    ],
    ...[
      "{3:X=otherwise}",
      "--x={--x?}",
      "`",
      ";",
      ">",
      "\\",
      "\u001b[2J",
      "{__proto__}",
      "{config.__proto__}",
      "{99999999:X}",
    ],
  ],
  open: async () => ({
    async read(input) {
      const text = input.toString("utf8");
      const template = await unlessRefused(() => parseTemplate(text));
      if (!template) return false;
      for (const args of [[], [hostile], [hostile, "-R", hostile, `--x=${hostile}`, "--all"]]) {
        const pipelines = await unlessRefused(() =>
          expand("it", template, args, configured, { live: "a", idle: hostile }),
        );
        for (const stage of pipelines?.flat() ?? [])
          for (const word of stage)
            if (word.includes("$(d)")) assert.ok(word.includes(hostile), `${word}: a value has come apart`);
      }
      return true;
    },
  }),
};
