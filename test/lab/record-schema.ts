// Makes lib/record.schema.json from lib/base/schema.ts: `npm run schema`. A test sees that it is up to date.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { fields } from "../../lib/base/schema.js";

export const schemaFile = fileURLToPath(new URL("../../../lib/record.schema.json", import.meta.url));

/** The text of the file: JSON Schema (draft 7) of one record. All fields may be absent, and others be there. */
export function recordSchema(): string {
  const entries = Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [name, v.exactOptional(schema as v.GenericSchema)]),
  );
  const { $schema, ...rest } = toJsonSchema(v.looseObject(entries));
  const schema = { $schema, title: "A record of essay, as es-record(5) describes it", ...rest };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(schemaFile, recordSchema());
