import type { BoardFacts, Desired, PartRef } from "../contract/index.ts";
import type { FleetError } from "../errors/index.ts";
import type { Addressee, PipelineModels } from "../release/index.ts";
import type { PipelineSpec } from "../spec/index.ts";
import type { Memory } from "./memory.ts";

export interface Identity extends Addressee {
  fleet: string;
  rootPublicKeyPem: string;
  /** What the board is; `unknown` runs what it is given. */
  board: BoardFacts["board"];
}

/** What is to run under a name, with the models that the pipeline names, out of its set. */
export interface WantedPipeline extends PipelineModels {
  spec: PipelineSpec;
  /** Null for a pipeline of a document of the former version. */
  part: PartRef | null;
  set: PartRef | null;
}

/** A pipeline whose part was refused: whatever runs under its name goes on. */
export interface RefusedPipeline {
  pipeline: string;
  /** Null for one of a document of the former version. */
  part: PartRef | null;
  error: FleetError;
}

export interface Accepted {
  desired: Desired;
  pipelines: WantedPipeline[];
  refused: RefusedPipeline[];
  /** To be on disk before anything else is done. */
  memory: Memory;
}

export type Verdict =
  | ({ verdict: "accepted" } & Accepted)
  /** What is in force came again, as it does after every reconnect. */
  | { verdict: "same" }
  | { verdict: "refused"; error: FleetError };
