import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import { type Rendering, renderTemplate, type Values } from "../../../lib/templates/render.js";

async function refuses(text: string, values: Values, message: RegExp, rendering?: Rendering) {
  await assert.rejects(renderTemplate(text, values, rendering), (error: unknown) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.code, "template-failed");
    assert.match(error.message, message);
    return true;
  });
}

test("fills in <% name %> as it is and leaves the marks of others", async () => {
  const text = `<% a %> {{a}} \${a} {{{a}}} %(a)s\n`;
  assert.equal(
    await renderTemplate(text, { a: `<&'">` }, { tags: ["<%", "%>"] }),
    `<&'"> {{a}} \${a} {{{a}}} %(a)s\n`,
  );
});

test("values stand as they are, in every form of a tag", async () => {
  const values = { name: `a<&'">`, count: 3, vars: { level: "info" } };
  assert.equal(
    await renderTemplate("{{name}} {{{name}}} {{& name }} {{count}} {{vars.level}}{{! gone }}", values),
    `a<&'"> a<&'"> a<&'"> 3 info`,
  );
});

test("sections show their text by a value that is neither false nor empty", async () => {
  const text = "{{#on}}on {{/on}}{{^on}}off {{/on}}{{#off}}x{{/off}}{{^off}}not{{/off}}{{#empty}}y{{/empty}}";
  assert.equal(await renderTemplate(text, { on: true, off: false, empty: "" }), "on not");
});

test("a section shows its text for each item of a list, and inside a table finds its names", async () => {
  const values = {
    hosts: ["a", "b"],
    none: [],
    on: true,
    table: { x: 1, on: false },
    list: [{ x: 2 }, { y: 3 }],
    x: 0,
  };
  assert.equal(await renderTemplate("{{#hosts}}{{.}}{{#on}},{{/on}}{{/hosts}}", values), "a,b,");
  assert.equal(await renderTemplate("{{#none}}x{{/none}}{{^none}}none{{/none}}", values), "none");
  assert.equal(await renderTemplate("{{#table}}{{x}}{{^on}}off{{/on}}{{/table}}", values), "1off");
  assert.equal(await renderTemplate("{{#list}}{{x}}{{/list}} {{x}}", values), "20 0");
  assert.equal(await renderTemplate("{{a.b}}{{a.b.c}}", { "a.b": 1, a: { b: { c: 2 } } }), "12");
  await refuses("{{hosts}}", values, /hosts is a list: \{\{#hosts\}\}\{\{\.\}\}\{\{\/hosts\}\}/);
  await refuses("{{.}}", values, /\. has no value/);
  await refuses("{{x}}", { x: null }, /x has no value/);
  await refuses("{{#x}}{{/x}}", { x: null }, /x has no value/);
});

test("a name without a value is an error with its line", async () => {
  await refuses("a\nb {{projekt}}\n", { project: "x" }, /^template:2: projekt has no value; did you mean/);
  await refuses("{{#x}}{{/x}}", {}, /^c\.conf:1: x has no value$/, { source: "c.conf" });
  await refuses("{{port}}", { port: undefined }, /port has no value: give --port-prefix/, {
    hints: { port: "give --port-prefix" },
  });
  await refuses("{{vars}}", { vars: { a: "b" } }, /vars is a table/);
});

test("what objects inherit is no value", async () => {
  for (const name of ["constructor", "__proto__", "toString", "vars.constructor", "name.length"])
    await refuses(`{{${name}}}`, { name: "x", vars: {} }, /has no value/);
});

test("a value with a line break is refused", async () => {
  for (const value of ["a\n[program:x]", "a\rb", "a\0b", "a\u2028b"])
    await refuses("x\n{{v}}", { v: value }, /:2: the value of v has a line break/);
});

test("a value can be refused for its place", async () => {
  const insert = (value: string) => {
    if (value.includes('"')) throw new Error("has a quote in it");
    return value.replaceAll("%", "%%");
  };
  assert.equal(await renderTemplate("{{v}}", { v: "50%" }, { insert }), "50%%");
  const lines = { insert: (_: string, line: string) => `<${line}>` };
  assert.equal(await renderTemplate("a\nb {{v}}\n{{v}}", { v: "" }, lines), "a\nb <b {{v}}>\n<{{v}}>");
  await refuses("{{v}}", { v: '"' }, /the value of v has a quote in it/, { insert });
});

test("Jinja is refused with the way to write it", async () => {
  const values = { a: "x" };
  await refuses("\n{% if a %}b{% endif %}", values, /:2: \{% if a %\} is Jinja: write \{\{#name\}\}/);
  await refuses("{%- for i in range(2) -%}", values, /no statements/);
  await refuses("{# note #}", values, /write \{\{! comment \}\}/);
  await refuses("{{ a|upper }}", values, /a\|upper \}\} is Jinja: there are no filters/);
  assert.equal(await renderTemplate("{%(program_name)s}{{#a}}!{{/a}}", values), "{%(program_name)s}!");
});

test("broken tags and partials are errors with their line", async () => {
  await refuses("a\n{{b", {}, /:2: Unclosed tag/);
  await refuses("a\n{{#b}}", {}, /:2: Unclosed section/);
  await refuses("{{>file}}", {}, /\{\{>file\}\} is not supported/);
  await refuses("{{a b}}", {}, /is no name of a value/);
});

test("blanks without end are refused before mustache looks through them again and again", async () => {
  assert.equal(await renderTemplate(`a${" ".repeat(1000)}b`, {}), `a${" ".repeat(1000)}b`);
  await assert.rejects(renderTemplate(`\n{{{name${" ".repeat(65_600)}`, { name: "demo" }), {
    code: "template-failed",
    message: "template:2: more than 1000 blanks in a row",
  });
});

test("sections in sections end somewhere", async () => {
  const nested = (name: string, depth: number) =>
    `${`{{#${name}}}`.repeat(depth)}x${`{{/${name}}}`.repeat(depth)}`;
  const values = { on: true, list: ["a", "b", "c"] };
  assert.equal(await renderTemplate(nested("on", 50), values), "x");
  for (const [name, depth] of [
    ["on", 5000],
    ["list", 50],
  ] as const)
    await assert.rejects(renderTemplate(nested(name, depth), values), { code: "template-failed" });
});
