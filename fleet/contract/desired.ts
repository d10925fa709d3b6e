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
import { CONTRACT_VERSION } from "./version.ts";

/** Everything a device should run. An empty document (no pipelines) means: stop all. */
export const Desired = z.strictObject({
  contract: z.literal(CONTRACT_VERSION),
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
  /**
   * What was planned for the pipelines, by name, so that plan and measurement can be seen side by side. Devices do not
   * act on it, and it is no part of a pipeline's digest.
   */
  plans: z.record(Name, PlanSummary).optional(),
});
export type Desired = z.infer<typeof Desired>;

/**
 * A signed document. `payload` is the exact text that was signed, so that no canonical form is needed:
 * verify the signature over its UTF-8 bytes first, parse afterwards. A missing signature is refused.
 */
export const SignedEnvelope = z.strictObject({
  payload: z.string().max(1 << 20),
  /** SHA-256 of the raw 32-byte ed25519 public key, first 16 hexadecimal digits. */
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  /** ed25519 signature, base64. */
  signature: z.base64(),
});
export type SignedEnvelope = z.infer<typeof SignedEnvelope>;
