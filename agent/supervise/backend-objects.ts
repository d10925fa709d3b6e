import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Paths of the backends in these folders, the best folder's first; a folder that is not there has none. */
export function backendObjects(folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => /^libjetfleet-backend-.*\.so$/.test(name))
          .sort()
          .map((name) => join(folder, name))
      : [],
  );
}
