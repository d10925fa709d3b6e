/**
 * What devices and hub say to each other of engines that are shared: over HTTPS, below `/engines/<key digest>/`, for an
 * engine is too large for MQTT and a claim is worth nothing once it is old.
 */
import { z } from "zod";
import { Decoder, Digest, EpochMs, Name } from "../spec/index.ts";
import { Text } from "../text/index.ts";
import { Box } from "./box.ts";
import { Count } from "./part-ref.ts";

/** Detections of one golden picture that are told, the strongest. */
export const STRONGEST = 16;
/** Engines of one device: an eighth of what a hub keeps of all, unless it is told otherwise. */
export const MAX_ENGINE_BYTES = 2 ** 30;

/** What an engine found in the golden pictures (fleet/engine): nothing in it depends on the bytes of the engine. */
export const SelfTestFigures = z.strictObject({
  /** Which pictures, and how they are run. */
  test: z.literal(1),
  /** By which outputs were read; figures of two decoders cannot be compared. */
  decoder: Decoder,
  pictures: z
    .array(
      z.strictObject({
        candidates: Count,
        strongest: z
          .array(
            z.strictObject({
              /** Its number: models know no names. */
              label: z.number().int().min(0).max(999),
              score: z.number().min(0).max(1),
              box: Box,
            }),
          )
          .max(STRONGEST),
      }),
    )
    .min(1)
    .max(4),
});
export type SelfTestFigures = z.infer<typeof SelfTestFigures>;

/** What the device that built an engine says of it, and signs. */
export const EngineStatement = z.strictObject({
  statement: z.literal(1),
  fleet: Name,
  device: Name,
  /** Text of the key (fleet/engine), and its digest. */
  key: z.string().min(1).max(20_000),
  keyDigest: Digest,
  model: Digest,
  accelerator: Text.max(64),
  /** Of the bytes of the engine. */
  digest: Digest,
  sizeBytes: z.number().int().positive().max(MAX_ENGINE_BYTES),
  selfTest: SelfTestFigures,
  /** When the build ended by the device's clock, how long it took, and in which life of the device. */
  builtAtMs: EpochMs,
  seconds: z.number().nonnegative(),
  bootId: Text.max(64),
  agentVersion: Text.max(64),
  backend: Text.max(64),
});
export type EngineStatement = z.infer<typeof EngineStatement>;

/** `statement` is the exact text that was signed. */
export const EngineAttestation = z.strictObject({
  statement: z.string().max(40_000),
  /** PEM, of the fleet's CA for the device. */
  certificate: z.string().max(10_000),
  /** ECDSA with SHA-256, DER in base64. */
  signature: z.base64().max(200),
});
export type EngineAttestation = z.infer<typeof EngineAttestation>;

/** The longest that the hub lets a question wait. */
export const MAX_ASK_WAIT_MS = 20_000;
const MAX_LISTED = 16;

/** POST ask: is there an engine, and if not, who builds it? */
export const EngineAsk = z.strictObject({
  model: Digest,
  /** How long the answer `wait` may be put off, for something better may come. */
  waitMs: z.number().int().nonnegative().max(MAX_ASK_WAIT_MS),
  /** Engines that the device does not take. */
  refused: z.array(Digest).max(MAX_LISTED),
});
export type EngineAsk = z.infer<typeof EngineAsk>;

/** Another device's word, which proves nothing: it is shown, and acted on by nobody. */
const Hint = z.object({ device: Name, code: Text.max(64), message: Text.max(500) });
const hints = z.array(Hint).max(MAX_LISTED);

export const EngineAnswer = z.discriminatedUnion("state", [
  z.object({ state: z.literal("offered"), attestation: EngineAttestation, hints }),
  /** The asker is the one to build, and says how far it is before the lease ends. */
  z.object({ state: z.literal("build"), leaseMs: z.number().positive(), hints }),
  z.object({
    state: z.literal("wait"),
    device: Name,
    progress: z.number().min(0).max(1),
    phase: Text.max(200),
    hints,
  }),
]);
export type EngineAnswer = z.infer<typeof EngineAnswer>;

/** POST progress: the one who builds is still at it. */
export const EngineProgress = z.strictObject({
  model: Digest,
  progress: z.number().min(0).max(1),
  phase: Text.max(200),
});
export type EngineProgress = z.infer<typeof EngineProgress>;

/** `lost`: another builds by now; the build need not stop for it. */
export const EngineLease = z.object({ state: z.enum(["held", "lost"]), leaseMs: z.number() });
export type EngineLease = z.infer<typeof EngineLease>;

/** POST end: the one who was to build does not, or not any more. */
export const EngineEnd = z.strictObject({
  model: Digest,
  /** Why none can be made. */
  error: z.strictObject({ code: Text.max(64), message: Text.max(500) }).nullable(),
});
export type EngineEnd = z.infer<typeof EngineEnd>;

/** PUT offer, answered: the hub has it, or is to be sent the bytes from here on. */
export const EngineOffered = z.discriminatedUnion("state", [
  z.object({ state: z.literal("listed") }),
  z.object({ state: z.literal("send"), fromBytes: z.number().int().nonnegative() }),
]);
export type EngineOffered = z.infer<typeof EngineOffered>;

/** POST dispute: the bytes of an engine that was offered are not what was attested. */
export const EngineDispute = z.strictObject({
  model: Digest,
  digest: Digest,
  code: Text.max(64),
  message: Text.max(500),
});
export type EngineDispute = z.infer<typeof EngineDispute>;
