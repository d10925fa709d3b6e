import { z } from "zod";
import {
  BoardName,
  Digest,
  EpochMs,
  ModelManifest,
  Name,
  PipelineSpec,
  PlanSummary,
} from "../spec/index.ts";
import { FORMER_CONTRACT } from "./version.ts";

/** Contract version 1: everything a device should run, under one signature of the fleet's key. */
export const FormerDesired = z.strictObject({
  contract: z.literal(FORMER_CONTRACT),
  fleet: Name,
  device: Name,
  /** Grows by at least one with every change; a device refuses anything older than what it has. */
  generation: z.number().int().positive(),
  issuedAtMs: EpochMs,
  board: BoardName,
  /** Base URL of the artifact store; objects lie under `objects/<digest>`. */
  artifactUrl: z.url(),
  /** Digest over the models below: names the group as one (`setDigest`). */
  setDigest: Digest,
  models: z.array(ModelManifest).max(64),
  pipelines: z.array(PipelineSpec).max(64),
  /** What was planned for the pipelines, by name. Devices do not act on it. */
  plans: z.record(Name, PlanSummary).optional(),
});
export type FormerDesired = z.infer<typeof FormerDesired>;
