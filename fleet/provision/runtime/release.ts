import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { canonicalJson, sha256Digest } from "../../release/index.ts";
import { findAllFiles, findSources, type RuntimeTarget } from "./sources.ts";
import { UNIT_TEXTS } from "./units.ts";

export type { RuntimeTarget } from "./sources.ts";

export interface RuntimeFile {
  /** Path inside the release. */
  name: string;
  path: string;
  mode: number;
  digest: string;
  sizeBytes: number;
}

export interface RuntimeRelease {
  digest: string;
  agentVersion: string;
  files: RuntimeFile[];
}

const packageJson = join(import.meta.dirname, "../../../package.json");

export async function assembleRuntime(
  target: RuntimeTarget,
  digestOf: (path: string) => Promise<string> = digestFile,
): Promise<RuntimeRelease> {
  const sources = await findSources(target);
  const files = await Promise.all(
    sources.map(async ({ name, path, executable }) => ({
      name,
      path,
      mode: executable ? 0o755 : 0o644,
      digest: await digestOf(path),
      sizeBytes: (await stat(path)).size,
    })),
  );
  const named = Object.fromEntries(files.map(({ name, digest }) => [name, digest]));
  // The units are part of what the digest names, so that a changed unit is a changed runtime.
  const digest = sha256Digest(canonicalJson({ files: named, units: UNIT_TEXTS }));
  return { digest, agentVersion: ownVersion(), files };
}

/** Releases by target, put together once and hashed once per file, however many devices need them. */
export class RuntimeShelf {
  readonly #releases = new Map<string, Promise<RuntimeRelease>>();
  readonly #digests = new Map<string, Promise<string>>();
  readonly #assemble: typeof assembleRuntime;
  readonly #digestOf: typeof digestFile;

  constructor(assemble = assembleRuntime, digestOf = digestFile) {
    this.#assemble = assemble;
    this.#digestOf = digestOf;
  }

  release(target: RuntimeTarget): Promise<RuntimeRelease> {
    return remember(this.#releases, JSON.stringify([target.l4t, target.machine]), () =>
      this.#assemble(target, (path) => this.#digest(path)),
    );
  }

  /** Names all that boards of any kind may get from this clone, or null when something is not built yet. */
  async label(): Promise<string | null> {
    const paths = await findAllFiles();
    if (paths === null) return null;
    const digests = await Promise.all(paths.map((path) => this.#digest(path)));
    const digest = sha256Digest(canonicalJson({ digests, units: UNIT_TEXTS }));
    return `${ownVersion()}+${digest.slice(7, 15)}`;
  }

  #digest(path: string): Promise<string> {
    return remember(this.#digests, path, () => this.#digestOf(path));
  }
}

/** Keeps what succeeds; what fails is tried again at the next call. */
function remember<T>(
  map: Map<string, Promise<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const known = map.get(key);
  if (known) return known;
  const made = make();
  map.set(key, made);
  made.catch(() => map.delete(key));
  return made;
}

export async function digestFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  // Streamed, because a long hash in one piece would keep gRPC calls waiting behind it.
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return `sha256:${hash.digest("hex")}`;
}

function ownVersion(): string {
  return (JSON.parse(readFileSync(packageJson, "utf8")) as { version: string }).version;
}
