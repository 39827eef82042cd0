// What the configuration names, and whether it is there, as findings of es-doctor.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Settings } from "./config/settings.js";
import { type Finding, findingsOf } from "./doctor/finding.js";

const { ok, note, wrong } = findingsOf("here");

/** A configuration that cannot be read. */
export const badConfiguration = (message: string): Finding =>
  wrong(
    "essay.toml",
    message,
    "man essay.toml has its keys; nothing that it names can be looked at until then",
  );

/** Looks at the configuration and at what it names on this machine. */
export function examineProject(settings: Settings): Finding[] {
  const { file, directory, values } = settings.config;
  const project = settings.find("project");
  const template = settings.find("template");
  const missing = [
    ...(template === undefined ? [] : [["supervisor.template", template] as const]),
    ...(values.deploy?.conf ?? []).map(({ from }) => ["deploy.conf", resolve(directory, from)] as const),
  ].filter(([, path]) => !existsSync(path));
  const sides = Object.keys(values.nginx?.sides ?? {}).filter(
    (side) => !Object.hasOwn(values.ports ?? {}, side),
  );
  return [
    file === undefined
      ? note(
          "essay.toml",
          `none in ${directory} or above it`,
          "es init writes one, es import takes a fabfile",
        )
      : ok("essay.toml", file),
    project === undefined
      ? note(
          "project",
          "no project is named",
          'project = "NAME" in essay.toml, or project.name in pyproject.toml',
        )
      : ok("project", project),
    ...missing.map(([key, path]) =>
      wrong("essay.toml", `${key} names ${path}, which is not there`, "mend the path"),
    ),
    ...sides.map((side) =>
      wrong(
        "essay.toml",
        `nginx.sides has ${side}, ports has not`,
        `say which ports it has: ports.${side} = "881"`,
      ),
    ),
  ];
}
