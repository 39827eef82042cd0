// What an alias takes on its command line, as the SYNOPSIS of a page would say it.

import { type PipelineTemplate, type Placeholder, parseTemplate } from "./template.js";

/** Something of a command line that a placeholder takes. */
interface Taken {
  kind: "flag" | "operand" | "rest";
  /** The flag, or the number of the operand. */
  name: string;
  text: string;
  /** The alias says what its value is called. */
  isNamed: boolean;
  isOptional: boolean;
}

/** What a placeholder takes; undefined for one that takes nothing. `isExtra`: its stage is there on a flag only. */
function takenBy(
  { kind, name, label, optional, otherwise }: Placeholder,
  isExtra: boolean,
): Taken | undefined {
  const isOptional = isExtra || optional || otherwise !== undefined;
  switch (kind) {
    case "operand": {
      const isNamed = label !== `operand ${name}`;
      return { kind, name, text: isNamed ? label : `ARG${name}`, isNamed, isOptional };
    }
    case "flag": {
      const isNamed = label !== name;
      const value = isNamed ? "" : ` ${name.replace(/^-+/, "").toUpperCase()}`;
      return { kind, name, text: `${label}${value}`, isNamed, isOptional };
    }
    case "rest":
      return { kind, name, text: "ARG...", isNamed: true, isOptional: true };
    case "config":
    case "side":
      return undefined;
    default:
      return name.startsWith("-")
        ? { kind: "flag", name, text: name, isNamed: false, isOptional: true }
        : undefined;
  }
}

function takenByStage(stage: PipelineTemplate[number]): Taken[] {
  const parts = stage.flat().filter((part) => typeof part !== "string");
  const isExtra = parts.some(({ kind, name }) => kind === "if" && name.startsWith("-"));
  return parts.flatMap((part) => takenBy(part, isExtra) ?? []);
}

/** The flags and operands of an alias: `-R ROLE [--dry-run] VERSION VENV [PROFILE]`. Throws UsageError. */
export function usageOf(alias: string): string {
  const taken = parseTemplate(alias).flat().flatMap(takenByStage);
  const of = (wanted: Taken["kind"]) => taken.filter(({ kind }) => kind === wanted);
  const operands = of("operand").toSorted((a, b) => Number(a.name) - Number(b.name));
  const sorted = [...of("flag"), ...operands, ...of("rest")];
  const names = [...new Set(sorted.map(({ kind, name }) => `${kind} ${name}`))];
  return names
    .map((key) => {
      const same = sorted.filter(({ kind, name }) => `${kind} ${name}` === key);
      // Where it stands a second time, it may be without the name of its value.
      const best = same.find(({ isNamed }) => isNamed) ?? same.find(({ name, text }) => text !== name);
      const text = (best ?? same[0])?.text ?? "";
      return same.every(({ isOptional }) => isOptional) ? `[${text}]` : text;
    })
    .join(" ");
}
