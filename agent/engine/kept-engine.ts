import { EngineStatement, type KeptEngine } from "../../fleet/contract/index.ts";
import { candidatesOf } from "../../fleet/engine/index.ts";
import { parseJson, sha256Digest } from "../../fleet/release/index.ts";
import type { EngineNote } from "./engine-note.ts";

/** A note as it is reported. */
export function keptEngine(
  note: EngineNote,
  use: Required<Pick<KeptEngine, "current" | "inUse">>,
): KeptEngine {
  const { model, accelerator, outcome, atMs, seconds } = note;
  const common = {
    key: sha256Digest(note.key),
    model,
    accelerator,
    outcome,
    atMs,
    seconds,
    ...use,
  };
  if (note.outcome === "unbuildable") return { ...common, error: note.error };
  const { digest, sizeBytes, origin, attestation, selfTest } = note;
  const statement = EngineStatement.safeParse(parseJson(attestation?.statement ?? "")).data;
  return {
    ...common,
    ...{ digest, sizeBytes, origin },
    ...(statement && {
      attestation: { device: statement.device, atMs: statement.builtAtMs },
    }),
    ...(selfTest && {
      selfTest: {
        candidates: candidatesOf(selfTest.figures),
        mostScoreOff: selfTest.ofModel?.mostScoreOff ?? null,
        leastIou: selfTest.ofModel?.leastIou ?? null,
      },
    }),
  };
}
