import { randomUUID } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { z } from "zod";
import { Plan } from "../../../fleet/plan/index.ts";
import { canonicalJson, sha256Digest } from "../../../fleet/release/index.ts";
import { plannerFingerprint } from "./planner-fingerprint.ts";

/** A plan as the provider needs it: the single layers are many, and nobody reads them here. */
export const KeptPlan = Plan.omit({ layers: true });
export type KeptPlan = z.infer<typeof KeptPlan>;

/** Plans of a few kilobytes each; when there are more, the oldest quarter goes. */
const CAPACITY = 500;
/** A graph with so many reasons would take longer to read than to plan. */
const MAX_BYTES = 2 ** 20;

/**
 * Plans on disk, because every command of Pulumi starts a provider anew, and a new process needs longest for its first
 * plan. A cache that cannot be read or written costs time and nothing else, so no failure of it is told.
 */
export class KeptPlans {
  readonly #folder: () => string;
  readonly #fingerprint: () => string;
  #known: string | undefined;

  constructor(folder = plansFolder, fingerprint = plannerFingerprint) {
    this.#folder = folder;
    this.#fingerprint = fingerprint;
  }

  read(question: unknown): KeptPlan | null {
    try {
      return KeptPlan.parse(JSON.parse(readFileSync(this.#fileOf(question), "utf8")));
    } catch {
      return null;
    }
  }

  write(question: unknown, plan: KeptPlan): void {
    try {
      const text = JSON.stringify(KeptPlan.parse(plan));
      if (text.length > MAX_BYTES) return;
      const file = this.#fileOf(question);
      mkdirSync(this.#folder(), { recursive: true, mode: 0o700 });
      const unfinished = `${file}.${randomUUID()}`;
      writeFileSync(unfinished, text, { mode: 0o600 });
      renameSync(unfinished, file);
      this.#prune();
    } catch {
      // The next process plans again.
    }
  }

  #fileOf(question: unknown): string {
    this.#known ??= this.#fingerprint();
    const name = sha256Digest(canonicalJson([this.#known, question])).replace("sha256:", "");
    return join(this.#folder(), `${name}.json`);
  }

  #prune(): void {
    const folder = this.#folder();
    const names = readdirSync(folder);
    if (names.length <= CAPACITY) return;
    const aged = names
      .map((name) => ({ name, atMs: statSync(join(folder, name)).mtimeMs }))
      .sort((a, b) => a.atMs - b.atMs);
    for (const { name } of aged.slice(0, names.length - CAPACITY * 0.75)) {
      rmSync(join(folder, name), { force: true });
    }
  }
}

/** By the rules of the XDG base directory specification a relative path counts as unset. */
function plansFolder(): string {
  const base = process.env["XDG_CACHE_HOME"] ?? "";
  return join(isAbsolute(base) ? base : join(homedir(), ".cache"), "jetfleet", "plans");
}
