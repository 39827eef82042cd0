// All that is fuzzed.

import type { Subject } from "./subject.js";
import { aliases } from "./subjects/aliases.js";
import { archives } from "./subjects/archives.js";
import { fileNames } from "./subjects/file-names.js";
import { frames } from "./subjects/frames.js";
import { knownHosts } from "./subjects/known-hosts.js";
import { nginx } from "./subjects/nginx.js";
import { records } from "./subjects/records.js";
import { resultLines } from "./subjects/result-lines.js";
import { simplePages } from "./subjects/simple-pages.js";
import { templates } from "./subjects/templates.js";
import { toml } from "./subjects/toml.js";
import { uploads } from "./subjects/uploads.js";

export const subjects: readonly Subject[] = [
  records,
  simplePages,
  uploads,
  archives,
  fileNames,
  knownHosts,
  toml,
  aliases,
  nginx,
  templates,
  resultLines,
  frames,
];
