import { join } from "node:path";
import { z } from "zod";
import { ChainId, DroppedRange, type JournalStartedData } from "../../fleet/contract/index.ts";
import { type Link, readEvent } from "../../fleet/journal/index.ts";
import { readTextIfThere, writeFileDurably } from "../../fleet/transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../fleet/transfer/files/file-layer.ts";

/** The newest event, which the next one continues, and what was dropped and nobody has heard of yet. */
export const ChainHead = z.object({
  chain: ChainId,
  seq: z.number().int().nonnegative(),
  hash: z.string().nullable(),
  dropped: z.array(DroppedRange),
});
export type ChainHead = z.infer<typeof ChainHead>;

/** One event on disk: the number in its file's name, and its place in the chain. */
export interface QueuedEvent {
  file: number;
  link: Link;
}

export interface JournalOnDisk {
  queued: QueuedEvent[];
  nextFile: number;
  /** Where the chain goes on, or why another one has to begin. */
  head: ChainHead | JournalStartedData["reason"];
}

/** The files of the journal: `<number>.json`, one event each, in the order of the numbers, and `head.json`. */
export class JournalFolder {
  readonly #folder: string;
  readonly #layer: FileLayer;

  constructor(folder: string, layer: FileLayer = DISK) {
    this.#folder = folder;
    this.#layer = layer;
  }

  /**
   * What is there. A file whose text is no event is removed, for it must not block the others; one that the disk does
   * not give out is left where it is, and counts as missing.
   */
  async read(): Promise<JournalOnDisk> {
    await this.#layer.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const files = (await this.#layer.readdir(this.#folder))
      .flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    const queued: QueuedEvent[] = [];
    let newestIsSilent = false;
    for (const file of files) {
      const text = await this.readEvent(file).catch(() => null);
      newestIsSilent = text === null;
      if (text === null) continue;
      const link = readEvent(text)?.link;
      if (link) queued.push({ file, link });
      else await this.remove(file);
    }
    const headText = await readTextIfThere(this.#headPath, this.#layer).catch(() => "");
    // Its number may have been sent, and must not come again.
    const head = newestIsSilent ? "lost" : headOf(headText, queued);
    return { queued, nextFile: (files[files.length - 1] ?? 0) + 1, head };
  }

  readEvent(file: number): Promise<string> {
    return this.#layer.readFile(this.#pathOf(file), "utf8");
  }

  writeEvent(file: number, text: string): Promise<void> {
    return writeFileDurably(this.#pathOf(file), text, 0o600, this.#layer);
  }

  writeHead(head: ChainHead): Promise<void> {
    return writeFileDurably(this.#headPath, JSON.stringify(head), 0o600, this.#layer);
  }

  /** A power cut may bring the file back: then the event is sent again, which receivers notice. */
  remove(file: number): Promise<void> {
    return this.#layer.rm(this.#pathOf(file), { force: true });
  }

  get #headPath(): string {
    return join(this.#folder, "head.json");
  }

  #pathOf(file: number): string {
    return join(this.#folder, `${String(file).padStart(12, "0")}.json`);
  }
}

/** The newest queued event counts where `head.json` is older, spoilt, or of an agent that knew no chains. */
function headOf(headText: string | null, queued: readonly QueuedEvent[]): JournalOnDisk["head"] {
  const json = headText === null ? null : tryParse(headText);
  const saved = ChainHead.safeParse(json).data ?? null;
  const last = queued[queued.length - 1]?.link;
  if (last && last.chain !== null && !(saved?.chain === last.chain && saved.seq > last.seq)) {
    const dropped = saved?.chain === last.chain ? saved.dropped : [];
    return { chain: last.chain, seq: last.seq, hash: last.hash, dropped };
  }
  if (saved) return saved;
  if (last || z.object({ seq: z.number() }).safeParse(json).success) return "upgraded";
  return headText === null ? "new" : "lost";
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
