import type { ChainState } from "../../journal/index.ts";
import type { BoardPoint, KeptEvent, PipelinePoint } from "../history-info.ts";

/** Where an event stands in its device's chains; a nameless chain is the empty text. */
export interface Place {
  chain: string;
  seq: number;
  hash: string;
}

/** An event that is to be kept. */
export interface NewKeptEvent extends Omit<KeptEvent, "id" | "chain" | "seq"> {
  kind: string;
  pipeline: string | null;
  /** null for the hub's own. */
  place: Place | null;
}

export interface StoredChain {
  device: string;
  state: ChainState;
}

/** What is kept of one device, and how many events were let go. */
export interface Kept {
  device: string;
  events: number;
  bytes: number;
  droppedEvents: number;
}

/** All of it, or none. */
export interface Batch {
  events: readonly NewKeptEvent[];
  chains: readonly StoredChain[];
}

export interface EventQuery {
  device?: string;
  pipeline?: string;
  kinds?: readonly string[];
  sinceMs?: number;
  untilMs?: number;
  /** Oldest first, behind this id; without it newest first, before `before`. */
  after?: number;
  before?: number;
  limit: number;
}

export interface FigureQuery {
  device: string;
  sinceMs: number;
  untilMs: number;
  stepMs: number;
}

export interface FigureRows {
  board: { device: string; point: BoardPoint }[];
  pipelines: { device: string; pipeline: string; point: PipelinePoint }[];
}

/**
 * Where the history lies. One hub writes, so that between a read and the write that follows from it nobody else does.
 * Every call may throw a FleetError: HUB_DISK_FULL, HUB_DISK_FAILED, HISTORY_DAMAGED,
 * HISTORY_FAILED.
 */
export interface HistoryStore {
  chains(): Promise<StoredChain[]>;
  kept(): Promise<Kept[]>;
  /** Of the event with this number; null when there is none. */
  hashOf(device: string, chain: string, seq: number): Promise<string | null>;
  /** Resolves when it is on disk, whatever happens to the machine afterwards. */
  append(batch: Batch): Promise<void>;
  /** The oldest events of a device, in order. */
  oldest(device: string, count: number): Promise<{ id: number; place: Place | null }[]>;
  /** Lets the events of a device up to this id go; `chains` say where they begin from then on. */
  dropUpTo(device: string, id: number, chains: readonly StoredChain[]): Promise<void>;
  events(query: EventQuery): Promise<KeptEvent[]>;
  newestId(): Promise<number>;
  /** The last of a kind that the hub noted of a device. */
  lastNoted(device: string, kind: string): Promise<KeptEvent | null>;
  /** May be lost in a power cut. */
  writeFigures(rows: FigureRows): Promise<void>;
  dropFiguresBefore(atMs: number): Promise<void>;
  figures(query: FigureQuery): Promise<Omit<FigureRows, "board"> & { board: BoardPoint[] }>;
  close(): Promise<void>;
}
