import { basename, dirname, join } from "node:path";
import { DISK, type FileLayer } from "./file-layer.ts";

/** Writes under way by file, so that two of one process follow each other. */
const writing = new Map<string, Promise<void>>();

/**
 * Replaces `file` as a whole: whoever reads it sees the old or the new content, also after a power cut. Its folder is
 * made when it is not there. A cut leaves at most one temporary file beside it, which the next write takes away.
 */
export function writeFileDurably(
  file: string,
  content: Uint8Array | string,
  mode = 0o600,
  layer: FileLayer = DISK,
): Promise<void> {
  const write = (): Promise<void> => replace(file, content, mode, layer);
  const done = (writing.get(file) ?? Promise.resolve()).then(write, write).finally(() => {
    if (writing.get(file) === done) writing.delete(file);
  });
  writing.set(file, done);
  return done;
}

async function replace(
  file: string,
  content: Uint8Array | string,
  mode: number,
  layer: FileLayer,
): Promise<void> {
  const folder = dirname(file);
  await layer.mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.${basename(file)}.tmp`);
  await layer.rm(temporary, { force: true });
  try {
    const handle = await layer.open(temporary, "wx", mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await layer.rename(temporary, file);
  } catch (error) {
    // What stopped the write is what must be told, also where the disk lets nobody clean up.
    await layer.rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder, layer);
}

/** Of a file or folder that is there, whatever umask it was made under. */
export async function setMode(path: string, mode: number, layer: FileLayer = DISK): Promise<void> {
  const handle = await layer.open(path, "r");
  try {
    await handle.chmod(mode);
  } finally {
    await handle.close();
  }
}

/** Makes a rename or a removal in `folder` survive a power cut. */
export async function syncFolder(folder: string, layer: FileLayer = DISK): Promise<void> {
  const handle = await layer.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The file's bytes, or null when there is none. */
export async function readIfThere(file: string, layer: FileLayer = DISK): Promise<Buffer | null> {
  try {
    return await layer.readFile(file);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

/** The file's text, or null when there is none. */
export async function readTextIfThere(
  file: string,
  layer: FileLayer = DISK,
): Promise<string | null> {
  return (await readIfThere(file, layer))?.toString("utf8") ?? null;
}

/** Size in bytes, or null when there is no such file. */
export async function sizeIfThere(file: string, layer: FileLayer = DISK): Promise<number | null> {
  try {
    return (await layer.stat(file)).size;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
