// Templates of configuration, and the supervisord.conf that comes of one.

import assert from "node:assert/strict";
import mustache from "mustache";
import { checkConf, parseConf, portsOf } from "../../../lib/supervisor/conf.js";
import { confValue } from "../../../lib/supervisor/variables.js";
import { renderTemplate } from "../../../lib/templates/render.js";
import { namesOfObjects, type Subject, unlessRefused } from "../subject.js";

const hostile = "{{name}} ${x} %(here)s";
const values = {
  name: "demo",
  port: "880",
  hostile,
  on: true,
  off: false,
  list: ["a", "b"],
  table: { key: "v" },
};

export const templates: Subject = {
  name: "templates",
  cases: 20_000,
  words: [
    ...[
      "{{",
      "}}",
      "{{{",
      "}}}",
      "{{#",
      "{{/",
      "{{^",
      "{{!",
      "{{>",
      "{{=",
      "=}}",
      "{{&",
      "{%",
      "%}",
      "{#",
      "#}",
      "\n",
    ],
    ...[
      "{{name}}",
      "{{hostile}}",
      "{{#list}}",
      "{{/list}}",
      "{{.}}",
      "{{#table}}{{key}}{{/table}}",
      "{{table.key}}",
    ],
    ...[
      "{{#on}}",
      "{{/on}}",
      "{{^off}}",
      "{{/off}}",
      "[program:demo]\n",
      "[unix_http_server]\n",
      "numprocs = 4\n",
    ],
    ...[
      "command = demo --port={{port}}%(process_num)d\n",
      "numprocs=1e99\n",
      "numprocs=-1\n",
      " ".repeat(200),
      "a:",
      ";",
    ],
    ...[
      "process_name=%(process_num)99999999d\n",
      "[supervisord]\n",
      "environment=A=1\n  B\n",
      "\0",
      "\u001b[2J",
      "\r\n",
    ],
    ...namesOfObjects.map((name) => `{{${name}}}`),
  ],
  open: async () => ({
    async read(input) {
      // It keeps all that it has read, for the next host.
      mustache.clearCache();
      const text = input.toString("utf8");
      const rendered = await unlessRefused(() => renderTemplate(text, values));
      const conf = await unlessRefused(() => renderTemplate(text, values, { insert: confValue }));
      for (const one of [text, conf ?? ""]) {
        const parsed = parseConf(one);
        await unlessRefused(() => checkConf(parsed, "/srv/a/etc"));
        for (const { port } of (await unlessRefused(() => portsOf(parsed, "880"))) ?? [])
          assert.ok(Number.isInteger(port) && port <= 65535, String(port));
      }
      if (rendered === undefined) return false;
      if (!/\{[{%#]/.test(text)) assert.equal(rendered, text);
      return true;
    },
  }),
};
