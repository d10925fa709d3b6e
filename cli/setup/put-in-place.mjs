import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * A folder made whole or not at all: in a temporary one beside it, which then takes its name. What an interrupted
 * attempt left beside it goes first.
 * @param {string} folder
 * @param {(temporary: string) => Promise<void>} make
 */
export async function putInPlace(folder, make) {
  const parent = dirname(folder);
  const prefix = `${basename(folder)}.`;
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent).filter((one) => one.startsWith(prefix))) {
    rmSync(join(parent, name), { recursive: true, force: true });
  }
  const temporary = mkdtempSync(join(parent, prefix));
  try {
    await make(temporary);
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
