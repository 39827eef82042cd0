// What a step is tried with, and what es-record(5) demands of it then.

import { isDeepStrictEqual } from "node:util";
import { isObject } from "../base/json.js";

type Row = Record<string, unknown>;

/** What became of a step that was tried. */
export interface Trial {
  /** Undefined where a signal ended it. */
  status: number | undefined;
  signal: string | undefined;
  /** It did not end in time, and was ended. */
  late: boolean;
  stdout: string;
  stderr: string;
}

export interface Case {
  name: string;
  stdin: string;
  /** Nobody reads its stdout. */
  unread?: true;
  /** What the step got wrong, a clause for each; nothing where it conforms. */
  judge(trial: Trial): string[];
}

// No step knows this field. JSON.parse makes a field of every name, where a literal would set a prototype.
const unknown: unknown = JSON.parse(
  '{"text":"é \\u2028 \\\\ \\" \\t %s $HOME","list":[0,-1.5,true,null,[],{}],"":1,"__proto__":2,"constructor":3}',
);

const longText = "x".repeat(900_000);

/** So many records of one batch, each with a number and with a field that no step knows. */
function recordsFrom(sample: Row, count: number, more: Row = {}): Row[] {
  return Array.from({ length: count }, (_, index) => ({
    host: `conform-${index + 1}.invalid`,
    transport: "ssh",
    ...sample,
    trace: [{ step: "es-hosts", args: [], at: "2026-01-31T08:00:00Z", ms: 1, changed: false }],
    batch: { id: "conform", size: count },
    conform: { number: index + 1, unknown },
    ...more,
  }));
}

const linesOf = (records: readonly Row[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What it wrote: its records, and clauses for what is none. */
function recordsOf({ stdout }: Trial): { records: Row[]; wrong: string[] } {
  const wrong: string[] = [];
  const records = stdout.split("\n").flatMap((line, index) => {
    const value = parse(line);
    if (isObject(value)) return [value];
    if (line !== "") wrong.push(`line ${index + 1} of its output is no record: ${line.slice(0, 60)}`);
    return [];
  });
  if (stdout !== "" && !stdout.endsWith("\n")) wrong.push("its output does not end with a newline");
  return { records, wrong };
}

const numberOf = ({ conform }: Row) => (isObject(conform) ? conform.number : undefined);
const hasError = ({ error }: Row) => error !== undefined && error !== null;
const nameOf = (record: Row) => `the record of ${record.host} (${numberOf(record)})`;

/** How the step ended, where that is not as it should be. */
function wrongEnd({ status, signal, late }: Trial, wanted: number, because: string): string[] {
  if (late) return ["it did not end in time, and was ended"];
  if (signal !== undefined) return [`it was ended by ${signal}`];
  return status === wanted ? [] : [`its status is ${status}, not ${wanted}: ${because}`];
}

/** What of a record a step may not change. */
function wrongWith(came: Row, went: Row): string[] {
  const wrong = ["host", "transport", "batch", "plan", "conform"]
    .filter((field) => !isDeepStrictEqual(came[field], went[field]))
    .map((field) => `${field} of ${nameOf(came)} is changed or gone`);
  const earlier = came.trace as unknown[];
  if (!Array.isArray(went.trace) || !isDeepStrictEqual(went.trace.slice(0, earlier.length), earlier))
    wrong.push(`${nameOf(came)} has lost what stood in its trace: a step adds at the end`);
  const { error } = went;
  if (hasError(went))
    for (const field of ["step", "code", "message"])
      if (!isObject(error) || typeof error[field] !== "string")
        wrong.push(`the error of ${nameOf(came)} has no text ${field}`);
  return wrong;
}

/** Whether each of these records came out once, with all that the step need not know. */
function wrongRecords(came: readonly Row[], trial: Trial): { wrong: string[]; records: Row[] } {
  const { records, wrong } = recordsOf(trial);
  for (const record of came) {
    const [went, ...again] = records.filter((one) => numberOf(one) === numberOf(record));
    if (!went) wrong.push(`${nameOf(record)} did not come out`);
    else if (again.length > 0) wrong.push(`${nameOf(record)} came out ${again.length + 1} times`);
    else wrong.push(...wrongWith(record, went));
  }
  return { wrong, records };
}

/** All records come out, and the status tells whether one has an error. */
function passes(name: string, came: readonly Row[], stdin = linesOf(came)): Case {
  return {
    name,
    stdin,
    judge(trial) {
      const { wrong, records } = wrongRecords(came, trial);
      const failed = records.some(hasError);
      const because = failed ? "a record that it wrote has an error" : "no record that it wrote has an error";
      return [...wrong, ...wrongEnd(trial, failed ? 1 : 0, because)];
    },
  };
}

function failedRecord(sample: Row): Case {
  const error = { step: "es-pip", code: "pip-failed", message: "pip: no space left" };
  const [failed = {}] = recordsFrom(sample, 1, { error });
  return {
    name: "a record that came in failed",
    stdin: linesOf([failed]),
    judge(trial) {
      const { wrong, records } = wrongRecords([failed], trial);
      const went = records.find((record) => numberOf(record) === numberOf(failed));
      if (went && !isDeepStrictEqual(went, failed)) wrong.push("it was changed: it is passed on untouched");
      return [...wrong, ...wrongEnd(trial, 1, "a record that it wrote has an error")];
    },
  };
}

const emptyInput: Case = {
  name: "no record at all",
  stdin: "",
  judge: (trial) => [
    ...recordsOf(trial).wrong,
    ...(trial.stdout === "" ? [] : ["it wrote something"]),
    ...wrongEnd(trial, 1, "there was nothing to do"),
  ],
};

/** A line that is no record comes after one that is. */
function malformed(sample: Row, what: string, line: string): Case {
  const came = recordsFrom(sample, 1);
  return {
    name: `a line that is no record: ${what}`,
    stdin: `${linesOf(came)}${line}\n`,
    judge: (trial) => [
      ...wrongRecords(came, trial).wrong,
      ...(trial.stderr.trim() === "" ? ["it says nothing on stderr"] : []),
      ...wrongEnd(trial, 2, "the input is malformed"),
    ],
  };
}

function unread(sample: Row): Case {
  return {
    name: "nobody reads its output",
    stdin: linesOf(recordsFrom(sample, 20)),
    unread: true,
    judge: ({ late, status }) => [
      ...(late ? ["it did not end in time, and was ended"] : []),
      ...(status === 0 ? ["its status is 0, and records are lost"] : []),
    ],
  };
}

/** All cases; `sample` has fields for the records that the step is given. */
export function casesWith(sample: Row): Case[] {
  const one = recordsFrom(sample, 1);
  const three = recordsFrom(sample, 3);
  return [
    passes("a record with fields that it does not know", one),
    passes("three records", three),
    passes("a dry run", recordsFrom(sample, 1, { plan: true })),
    passes("an empty line between records", three, linesOf(three).replaceAll("\n", "\n\n")),
    passes("a last line without a newline", one, linesOf(one).trimEnd()),
    passes("a line of 900,000 bytes", recordsFrom(sample, 1, { vars: { text: longText } })),
    failedRecord(sample),
    emptyInput,
    malformed(sample, "no JSON", "{"),
    malformed(sample, "no object", "[1]"),
    unread(sample),
  ];
}
