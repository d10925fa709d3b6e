import { z } from "zod";
import { EngineAttestation, ReportedError, SelfTestFigures } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { parseJson, sha256Digest } from "../../fleet/release/index.ts";
import { Digest, EpochMs } from "../../fleet/spec/index.ts";
import { openSealed, sealText } from "./seal.ts";

const common = {
  /** Text of the key (fleet/engine). */
  key: z.string().min(1).max(20_000),
  model: Digest,
  accelerator: z.string().min(1).max(64),
  atMs: EpochMs,
  seconds: z.number().nonnegative(),
};

const SelfTest = z.strictObject({
  figures: SelfTestFigures,
  /** Null: its model could not be run, or is no measure. */
  ofModel: z.strictObject({ mostScoreOff: z.number(), leastIou: z.number() }).nullable(),
});
export type SelfTest = z.infer<typeof SelfTest>;

/** What is noted of an engine beside it, or of a model of which none can be made. */
export const EngineNote = z.discriminatedUnion("outcome", [
  z.strictObject({
    outcome: z.literal("built"),
    ...common,
    digest: Digest,
    sizeBytes: z.number().int().positive(),
    origin: z.enum(["built-here", "fetched"]),
    /** What it found in the golden pictures here, and how near that is to its model; absent where it was not tried. */
    selfTest: SelfTest.optional(),
    /** Of the device that built it, be it this one. */
    attestation: EngineAttestation.optional(),
  }),
  z.strictObject({ outcome: z.literal("unbuildable"), ...common, error: ReportedError }),
]);
export type EngineNote = z.infer<typeof EngineNote>;
export type BuiltNote = Extract<EngineNote, { outcome: "built" }>;

/** The text of a note that only holders of `sealKey` can have written. */
export function sealNote(note: EngineNote, sealKey: Uint8Array): string {
  return sealText(JSON.stringify(note), sealKey);
}

/** Throws ENGINE_FOREIGN at whatever this device did not seal, or did not seal under this key. */
export function openNote(sealed: string, keyDigest: string, sealKey: Uint8Array): EngineNote {
  const opened = openSealed(sealed, sealKey);
  if (opened.text === null) throw foreign(keyDigest, opened.got);
  const read = EngineNote.safeParse(parseJson(opened.text));
  if (!read.success) throw foreign(keyDigest, "one of another version");
  if (sha256Digest(read.data.key) !== keyDigest) throw foreign(keyDigest, "one of another engine");
  return read.data;
}

function foreign(keyDigest: string, got: string): FleetError {
  const message = `Expected a note that this device sealed but got ${got} while reading what is known of engine ${keyDigest}`;
  return new FleetError("ENGINE_FOREIGN", message);
}
