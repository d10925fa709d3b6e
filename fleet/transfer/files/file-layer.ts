import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";

/**
 * The calls through which everything that must last reaches the disk. Whoever wants to know what a power cut or a full
 * disk does at any of them passes a layer of its own.
 */
export interface FileLayer {
  mkdir: typeof mkdir;
  open: typeof open;
  readdir: typeof readdir;
  readFile: typeof readFile;
  rename: typeof rename;
  rm: typeof rm;
  stat: typeof stat;
}

export const DISK: FileLayer = { mkdir, open, readdir, readFile, rename, rm, stat };
