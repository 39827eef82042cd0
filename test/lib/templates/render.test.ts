import assert from "node:assert/strict";
import { test } from "node:test";
import { renderTemplate } from "../../../lib/templates/render.js";

test("fills in <% name %> as it is and leaves the marks of others", async () => {
  const text = `<% a %> {{a}} \${a} {{{a}}} %(a)s\n`;
  assert.equal(await renderTemplate(text, { a: `<&'">` }), `<&'"> {{a}} \${a} {{{a}}} %(a)s\n`);
});
