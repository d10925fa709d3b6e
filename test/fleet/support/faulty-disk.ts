import { DISK, type FileLayer } from "../../../fleet/transfer/files/file-layer.ts";

export type Fault = "ENOSPC" | "EIO";
type Handle = Awaited<ReturnType<FileLayer["open"]>>;

/**
 * The real disk, one of whose calls fails: each mkdir, open for writing, write, sync, rename and removal is one, in the
 * order in which they come. Without a fault it counts them.
 */
export class FaultyDisk {
  calls: string[] = [];
  readonly #failAt: number | null;
  readonly #fault: Fault;
  readonly #renameMs: number;

  constructor(failAt: number | null = null, fault: Fault = "EIO", renameMs = 0) {
    this.#failAt = failAt;
    this.#fault = fault;
    this.#renameMs = renameMs;
  }

  readonly layer: FileLayer = {
    ...DISK,
    mkdir: (async (...args: Parameters<FileLayer["mkdir"]>) => {
      this.#call("mkdir");
      return DISK.mkdir(...args);
    }) as FileLayer["mkdir"],
    open: async (path, flags, mode) => {
      if (flags !== "r") this.#call("open");
      return this.#watched(await DISK.open(path, flags, mode));
    },
    rename: async (from, to) => {
      this.#call("rename");
      if (this.#renameMs > 0) await new Promise((done) => setTimeout(done, this.#renameMs));
      return DISK.rename(from, to);
    },
    rm: async (path, options) => {
      this.#call("rm");
      return DISK.rm(path, options);
    },
  };

  #watched(handle: Handle): Handle {
    const [writeFile, sync] = [handle.writeFile.bind(handle), handle.sync.bind(handle)];
    handle.writeFile = async (data, options) => {
      this.#call("write");
      return writeFile(data, options);
    };
    const write = handle.write.bind(handle) as (chunk: Uint8Array) => ReturnType<Handle["write"]>;
    handle.write = (async (chunk: Uint8Array) => {
      this.#call("write");
      return write(chunk);
    }) as Handle["write"];
    handle.sync = async () => {
      this.#call("sync");
      return sync();
    };
    return handle;
  }

  #call(what: string): void {
    this.calls.push(what);
    if (this.calls.length - 1 !== this.#failAt) return;
    throw Object.assign(new Error(`${this.#fault} at ${what}`), { code: this.#fault });
  }
}

/** Every place at which `work` can fail on this disk, with both faults. `work` gets a fresh disk each time. */
export async function everyFault(
  work: (disk: FaultyDisk, at: string) => Promise<void>,
): Promise<number> {
  const whole = new FaultyDisk();
  await work(whole, "no fault");
  for (const [at, what] of whole.calls.entries()) {
    for (const fault of ["ENOSPC", "EIO"] as const) {
      await work(new FaultyDisk(at, fault), `${fault} at call ${at}, ${what}`);
    }
  }
  return 2 * whole.calls.length;
}

/** The disk does not give out what lies at a path that `isBad`, for as long as that is so. */
export function refusingReads(
  isBad: (path: string) => boolean,
  layer: FileLayer = DISK,
): FileLayer {
  const failing = (path: unknown): void => {
    if (isBad(String(path))) throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
  };
  return {
    ...layer,
    readFile: (async (...args: Parameters<FileLayer["readFile"]>) => {
      failing(args[0]);
      return layer.readFile(...args);
    }) as FileLayer["readFile"],
    readdir: (async (...args: Parameters<FileLayer["readdir"]>) => {
      failing(args[0]);
      return layer.readdir(...args);
    }) as FileLayer["readdir"],
  };
}
