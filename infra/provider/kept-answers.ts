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
import { canonicalJson, sha256Digest } from "../../fleet/release/index.ts";

export interface KeptKind<Answer> {
  schema: z.ZodType<Answer>;
  /** Where they lie; asked at each use, as the environment may say. */
  folder: () => string;
  /** Of all that decides an answer beside its question, so that newer code never gives old answers. Asked once. */
  fingerprint: () => string;
  /** When there are more, the oldest quarter goes. */
  capacity: number;
  /** A longer one takes longer to read than to find anew. */
  maxBytes: number;
}

/**
 * Answers on disk, because every command of Pulumi starts a provider anew. A cache that cannot be read or written costs
 * time and nothing else, so no failure of it is told.
 */
export class KeptAnswers<Answer> {
  readonly #kind: KeptKind<Answer>;
  #known: string | undefined;

  constructor(kind: KeptKind<Answer>) {
    this.#kind = kind;
  }

  read(question: unknown): Answer | null {
    try {
      return this.#kind.schema.parse(JSON.parse(readFileSync(this.#fileOf(question), "utf8")));
    } catch {
      return null;
    }
  }

  write(question: unknown, answer: Answer): void {
    try {
      const text = JSON.stringify(this.#kind.schema.parse(answer));
      if (text.length > this.#kind.maxBytes) return;
      const file = this.#fileOf(question);
      mkdirSync(this.#kind.folder(), { recursive: true, mode: 0o700 });
      const unfinished = `${file}.${randomUUID()}`;
      writeFileSync(unfinished, text, { mode: 0o600 });
      renameSync(unfinished, file);
      this.#prune();
    } catch {
      // The next process finds it anew.
    }
  }

  #fileOf(question: unknown): string {
    this.#known ??= this.#kind.fingerprint();
    const name = sha256Digest(canonicalJson([this.#known, question])).replace("sha256:", "");
    return join(this.#kind.folder(), `${name}.json`);
  }

  #prune(): void {
    const { capacity } = this.#kind;
    const folder = this.#kind.folder();
    const names = readdirSync(folder);
    if (names.length <= capacity) return;
    const aged = names
      .map((name) => ({ name, atMs: statSync(join(folder, name)).mtimeMs }))
      .sort((a, b) => a.atMs - b.atMs);
    for (const { name } of aged.slice(0, names.length - capacity * 0.75)) {
      rmSync(join(folder, name), { force: true });
    }
  }
}

/** Of the user's cache. By the rules of the XDG base directory specification a relative path counts as unset. */
export function cacheFolder(name: string): string {
  const base = process.env["XDG_CACHE_HOME"] ?? "";
  return join(isAbsolute(base) ? base : join(homedir(), ".cache"), "jetfleet", name);
}
