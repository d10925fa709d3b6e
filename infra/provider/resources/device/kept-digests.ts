import { stat } from "node:fs/promises";
import { digestFile } from "../../../../fleet/provision/runtime/index.ts";
import { Digest } from "../../../../fleet/spec/index.ts";
import { cacheFolder, KeptAnswers } from "../../kept-answers.ts";

/** A file that is written again within a tick of the file system's clock may look as it did. */
const SETTLED_MS = 2_000;

interface Means {
  folder?: () => string;
  digest?: (path: string) => Promise<string>;
  nowMs?: () => number;
}

/**
 * Digests of a runtime's files on disk: a quarter of a gigabyte, which every command would read anew. A file is what it was
 * as long as the file system says that of it; its time of change is set by nobody.
 */
export class KeptDigests extends KeptAnswers<Digest> {
  readonly #digest: (path: string) => Promise<string>;
  readonly #nowMs: () => number;

  constructor({
    folder = () => cacheFolder("digests"),
    digest = digestFile,
    nowMs = Date.now,
  }: Means = {}) {
    super({ schema: Digest, folder, fingerprint: () => "1", capacity: 200, maxBytes: 200 });
    this.#digest = digest;
    this.#nowMs = nowMs;
  }

  async of(path: string): Promise<Digest> {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    const file = [path, ...[dev, ino, size, mtimeNs, ctimeNs].map(String)];
    const known = this.read(file);
    if (known !== null) return known;
    const isSettled = this.#nowMs() - Number(ctimeNs / 1_000_000n) > SETTLED_MS;
    const digest = await this.#digest(path);
    if (isSettled) this.write(file, digest);
    return digest;
  }
}
