import { chmod, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { performance } from "node:perf_hooks";
import { z } from "zod";
import { asFleetError, FleetError, isFleetError } from "../../fleet/errors/index.ts";
import { syncFolder, writeFileDurably } from "../../fleet/transfer/files/durable-file.ts";
import { digestOfFile } from "../../fleet/transfer/files/hash-file.ts";
import { findCompiler, findHeaders, headerFolders } from "./board-tools.ts";
import { compileBackend } from "./compile-backend.ts";
import { objectKey, readBackendSource } from "./source.ts";

export interface OwnBackendOptions {
  /** Folder of its own in the agent's state; made when it is needed. */
  folder: string;
  bundlePath: string;
  /** Where TensorRT's headers may be; by default where Ubuntu's packages put them. */
  headerFolders?: readonly string[] | undefined;
  compilers?: readonly string[];
  deadlineMs?: number;
}

/** Public reports of builds on the slowest boards are minutes for ten times as much source. */
const DEADLINE_MS = 30 * 60_000;
const NOTE = "note.json";
const Note = z.strictObject({
  object: z.string().regex(/^libjetfleet-backend-tensorrt-[\w.-]+\.so$/),
  digest: z.string().startsWith("sha256:"),
  atMs: z.number().nonnegative(),
});

export interface Made {
  path: string;
  /** That compiling took; null: it was there. */
  seconds: number | null;
}

/**
 * TensorRT's backend, made on this very board: `KEY/object` in a folder of its own, where the key names sources, headers
 * and compiler. A folder is put in its place whole, with a note of the object's digest.
 *
 * INVARIANTS:
 * - at most one compiler at a time.
 * - what `kept` names was read and found to be what was compiled.
 */
export class OwnBackend {
  readonly #options: OwnBackendOptions;
  #underWay: Promise<Made> | null = null;
  /** Of the inputs whose compiling failed: nothing else comes of them. */
  #refused: { key: string; error: FleetError } | null = null;

  constructor(options: OwnBackendOptions) {
    this.#options = options;
  }

  /** The object that was made last, if it is whole. All else is removed: nobody uses it before this is asked. */
  async kept(): Promise<string | null> {
    const { folder } = this.#options;
    const names = await readdir(folder).catch((): string[] => []);
    const all = await Promise.all(names.map((name) => wholeObject(join(folder, name))));
    const last = all.reduce((a, b) => ((b?.atMs ?? 0) > (a?.atMs ?? 0) ? b : a), null);
    for (const [index, name] of names.entries()) {
      if (last === null || all[index] !== last) {
        await rm(join(folder, name), { recursive: true, force: true });
      }
    }
    return last?.path ?? null;
  }

  /**
   * The object for the library that is installed, made unless it is there. `installed`: as in findHeaders. Throws
   * NATIVE_LOAD with what is lacking, and as compileBackend does.
   */
  async make(
    installed: string | null,
    onProgress: (done: number, of: number) => void,
    signal: AbortSignal,
  ): Promise<Made> {
    while (this.#underWay !== null) await this.#underWay.catch(() => undefined);
    this.#underWay = this.#make(installed, onProgress, signal);
    try {
      return await this.#underWay;
    } finally {
      this.#underWay = null;
    }
  }

  async #make(
    installed: string | null,
    onProgress: (done: number, of: number) => void,
    signal: AbortSignal,
  ): Promise<Made> {
    const { folder, bundlePath, deadlineMs = DEADLINE_MS } = this.#options;
    const { source, digest } = await readBackendSource(bundlePath);
    const headers = await findHeaders(this.#options.headerFolders ?? headerFolders(), installed);
    const compiler = await findCompiler(this.#options.compilers);
    const key = objectKey(digest, headers, compiler);
    if (this.#refused?.key === key) throw this.#refused.error;
    const there = await wholeObject(join(folder, key));
    if (there !== null) return { path: there.path, seconds: null };
    const startedAtMs = performance.now();
    const part = join(folder, `${key}.part`);
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { recursive: true, mode: 0o750 });
    try {
      const options = { source, headers, compiler, deadlineMs, onProgress };
      const made = await compileBackend({ ...options, folder: join(part, "work") }, signal);
      const path = await this.#keep(made, part, key);
      return { path, seconds: (performance.now() - startedAtMs) / 1000 };
    } catch (error) {
      if (isFleetError(error, "NATIVE_LOAD")) this.#refused = { key, error };
      throw isFleetError(error) ? error : asFleetError(error, "compiling TensorRT's backend");
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  }

  /** Others read it: they are of the folder's group. What was made of other inputs stays until the next start: it may be in use. */
  async #keep(made: string, part: string, key: string): Promise<string> {
    const { folder } = this.#options;
    const object = basename(made);
    await rename(made, join(part, object));
    await rm(join(part, "work"), { recursive: true, force: true });
    await chmod(join(part, object), 0o640);
    const digest = await digestOfFile(join(part, object));
    await writeFileDurably(join(part, NOTE), JSON.stringify({ object, digest, atMs: Date.now() }));
    await Promise.all([chmod(folder, 0o750), chmod(part, 0o750)]);
    await rm(join(folder, key), { recursive: true, force: true });
    await rename(part, join(folder, key));
    await syncFolder(folder);
    return join(folder, key, object);
  }
}

async function wholeObject(folder: string): Promise<{ path: string; atMs: number } | null> {
  try {
    const { object, digest, atMs } = Note.parse(
      JSON.parse(await readFile(join(folder, NOTE), "utf8")),
    );
    const path = join(folder, object);
    return (await digestOfFile(path)) === digest ? { path, atMs } : null;
  } catch {
    return null;
  }
}
