import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * One digest over the names and contents of files and folders; a missing one counts as empty.
 * @param {string} root
 * @param {string[]} entries relative to root
 * @param {(name: string) => boolean} [keep] by a file's or folder's own name
 */
export function hashOf(root, entries, keep = () => true) {
  const hash = createHash("sha256");
  for (const entry of entries) {
    for (const file of filesBelow(join(root, entry), keep)) {
      hash
        .update(`${relative(root, file)}\0`)
        .update(readFileSync(file))
        .update("\0");
    }
  }
  return hash.digest("hex");
}

/**
 * @param {string} path
 * @param {(name: string) => boolean} keep
 * @returns {string[]}
 */
function filesBelow(path, keep) {
  if (!existsSync(path)) return [];
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    return [path];
  }
  return entries
    .filter((entry) => keep(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const child = join(path, entry.name);
      if (entry.isDirectory()) return filesBelow(child, keep);
      return entry.isFile() ? [child] : [];
    });
}

/** @param {string} file */
export function readStamp(file) {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}

/**
 * @param {string} file
 * @param {string} text
 */
export function writeStamp(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${text}\n`);
  renameSync(temporary, file);
}
