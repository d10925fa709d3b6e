import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
/** Planner, tables, and what is left of a model for it. */
const SOURCES = ["fleet/plan", "fleet/boards", "infra/provider/model"];

/** Digest of all that decides what a plan says beside its question, so that a newer planner never gives old answers. */
export function plannerFingerprint(): string {
  const hash = createHash("sha256");
  for (const name of SOURCES.flatMap(programFiles).sort()) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(ROOT, name)))
      .update("\0");
  }
  return hash.digest("hex");
}

function programFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);
}
