import { join } from "node:path";
import { z } from "zod";
import { readKernelFile } from "../../fleet/engine/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { parseJson, sha256Digest } from "../../fleet/release/index.ts";
import { Digest, EpochMs } from "../../fleet/spec/index.ts";
import {
  isErrno,
  readIfThere,
  readTextIfThere,
  setMode,
  syncFolder,
  writeFileDurably,
} from "../../fleet/transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../fleet/transfer/files/file-layer.ts";
import { openSealed, SealKey, sealText } from "./seal.ts";

/** A backend has a handful of sources, and a kernel of theirs some ten thousand bytes. */
export const MOST_KERNELS = 16;
export const MOST_KERNEL_BYTES = 4 * 2 ** 20;

/** Of a state folder: runners are told of it by JETFLEET_KERNELS. */
export function kernelFolder(stateDir: string): string {
  return join(stateDir, "kernels");
}

const Note = z.strictObject({
  /** What the kernels were made of, and for. */
  key: z.string().min(1).max(2000),
  /** Which NVRTC made them. */
  compiler: z.string().min(1).max(64),
  files: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9-]{1,100}\.kernel$/),
        digest: Digest,
        sizeBytes: z.number().int().positive().max(MOST_KERNEL_BYTES),
      }),
    )
    .min(1)
    .max(MOST_KERNELS),
  atMs: EpochMs,
});
type Note = z.infer<typeof Note>;

/**
 * Kernels that the backend runs on this device's GPU beside engines, as builders compiled them: one set, in `kernels/`, which
 * runners may read and nobody but the agent writes; what it is lies sealed in `engine-notes/kernels.json`.
 *
 * INVARIANTS:
 * - the note is written when its files are whole on the disk, and removed before them.
 * - what the note does not name is removed, and said.
 */
export class KernelStore {
  readonly folder: string;
  readonly #notePath: string;
  readonly #noteFolder: string;
  readonly #layer: FileLayer;
  readonly #seal: SealKey;
  #note: Note | null = null;

  constructor(stateDir: string, layer: FileLayer = DISK) {
    this.folder = kernelFolder(stateDir);
    this.#noteFolder = join(stateDir, "engine-notes");
    this.#notePath = join(this.#noteFolder, "kernels.json");
    this.#layer = layer;
    this.#seal = new SealKey(this.#noteFolder, layer);
  }

  /** Reads what is known, before any runner is told of it. Resolves with what was refused, and is removed. */
  async open(): Promise<FleetError[]> {
    const sealed = await readTextIfThere(this.#notePath, this.#layer);
    if (sealed === null) return this.#clear(new Set());
    const opened = openSealed(sealed, await this.#seal.require());
    const note = opened.text === null ? null : Note.safeParse(parseJson(opened.text)).data;
    if (note) {
      this.#note = note;
      return this.refused();
    }
    const got = opened.text === null ? opened.got : "one of another version";
    await this.#forget();
    return [
      foreign(`Expected a note of kernels that this device sealed but got ${got}`),
      ...(await this.#clear(new Set())),
    ];
  }

  /** Whether kernels of this key lie there, as far as is known; `refused` reads their bytes. */
  holds(key: string): boolean {
    return this.#note?.key === key;
  }

  /** Reads all bytes anew. What is foreign is removed; where one is cut, altered or gone, all are. */
  async refused(): Promise<FleetError[]> {
    const { files } = this.#note ?? { files: [] };
    const faults: FleetError[] = [];
    for (const file of files) faults.push(...(await this.#faultOf(file)));
    const strangers = await this.#clear(new Set(files.map(({ name }) => name)));
    if (faults.length > 0) {
      await this.#forget();
      await this.#clear(new Set(), "unsaid");
    }
    return [...faults, ...strangers];
  }

  /** Takes in what a builder compiled, in place of all that was there. Throws ENGINE_FOREIGN at what is no such kernel. */
  async keep(
    { key, capability }: { key: string; capability: number },
    kernels: readonly Uint8Array[],
  ): Promise<{ compiler: string; sizeBytes: number }> {
    const read = kernels.map((bytes) => ({ bytes, kernel: readKernelFile(bytes) }));
    const names = new Set(read.map(({ kernel }) => kernel?.fileName));
    const [first] = read;
    const isRight = read.every(
      ({ bytes, kernel }) => kernel?.capability === capability && bytes.length <= MOST_KERNEL_BYTES,
    );
    if (!first?.kernel || !isRight || read.length > MOST_KERNELS || names.size < read.length) {
      const found = read.map(({ kernel }) => (kernel ? `sm_${kernel.capability}` : "none"));
      throw foreign(
        `Expected kernels for sm_${capability} but got ${found.join(", ") || "none"} from a builder`,
      );
    }
    await this.#forget();
    await this.#layer.mkdir(this.folder, { recursive: true, mode: 0o700 });
    // Runners may be of another user, who is of the folder's group, and know the names of what they look for.
    await setMode(this.folder, 0o710, this.#layer);
    const files: Note["files"] = [];
    for (const { bytes, kernel } of read) {
      const name = kernel?.fileName as string;
      const path = join(this.folder, name);
      await writeFileDurably(path, bytes, 0o600, this.#layer);
      await setMode(path, 0o640, this.#layer);
      files.push({ name, digest: sha256Digest(bytes), sizeBytes: bytes.length });
    }
    const { compiler } = first.kernel;
    const note: Note = { key, compiler, files, atMs: Date.now() };
    const sealed = sealText(JSON.stringify(note), await this.#seal.require());
    await writeFileDurably(this.#notePath, sealed, 0o600, this.#layer);
    this.#note = note;
    await this.#clear(new Set(files.map(({ name }) => name)), "unsaid");
    return { compiler, sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
  }

  async #faultOf({ name, digest, sizeBytes }: Note["files"][number]): Promise<FleetError[]> {
    const bytes = await readIfThere(join(this.folder, name), this.#layer);
    if (bytes === null)
      return [new FleetError("ENGINE_MISSING", `Expected ${name} but it is gone`)];
    if (bytes.length !== sizeBytes) {
      const message = `Expected ${sizeBytes} bytes but got ${bytes.length} while reading ${name}`;
      return [new FleetError("ENGINE_CUT", message)];
    }
    if (sha256Digest(bytes) === digest) return [];
    return [new FleetError("ENGINE_ALTERED", `Expected ${name} but its bytes are others`)];
  }

  /** Removes all files but these. Resolves with what is to be said of them. */
  async #clear(except: ReadonlySet<string>, how: "said" | "unsaid" = "said") {
    const names = (await this.#names()).filter((name) => !except.has(name));
    for (const name of names) {
      await this.#layer.rm(join(this.folder, name), { recursive: true, force: true });
    }
    if (names.length > 0) await syncFolder(this.folder, this.#layer);
    // What a write was cut off at is of nobody else's.
    const strange = how === "said" ? names.filter((name) => !name.startsWith(".")) : [];
    return strange.map((name) =>
      foreign(`Expected kernels that this device keeps but got ${name}`),
    );
  }

  /** None where nothing was ever kept. */
  async #names(): Promise<string[]> {
    try {
      return await this.#layer.readdir(this.folder);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return [];
      throw error;
    }
  }

  async #forget(): Promise<void> {
    if (this.#note === null && !(await readIfThere(this.#notePath, this.#layer))) return;
    this.#note = null;
    await this.#layer.rm(this.#notePath, { force: true });
    await syncFolder(this.#noteFolder, this.#layer);
  }
}

function foreign(message: string): FleetError {
  return new FleetError("ENGINE_FOREIGN", message);
}
