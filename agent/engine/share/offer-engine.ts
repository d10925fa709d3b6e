import { type EngineAttestation, EngineStatement } from "../../../fleet/contract/index.ts";
import { type ErrorCode, isFleetError } from "../../../fleet/errors/index.ts";
import { parseJson, sha256Digest } from "../../../fleet/release/index.ts";
import type { Identity } from "../../../fleet/transfer/identity/identity.ts";
import { attestEngine } from "../../../fleet/transfer/identity/signed-engine.ts";
import { keepTrying } from "../../reconcile/keep-trying.ts";
import type { BuiltNote } from "../engine-note.ts";
import type { EngineStore } from "../engine-store.ts";
import { saysSomething } from "../self-test.ts";
import type { HubEngines } from "./hub-engines.ts";

/** Who attests, and in which life. */
export interface Attester {
  fleet: string;
  device: string;
  bootId: string;
  agentVersion: string;
  /** Null while there is no identity that can be used. */
  identity: () => Pick<Identity, "keyPem" | "certificatePem"> | null;
}

/** Of the hub: they pass. */
const OUTAGES = new Set<ErrorCode>(["HUB_UNREACHABLE", "HUB_DISK_FULL", "HUB_DISK_FAILED"]);
/** Of one upload: the hub was started anew meanwhile, or somebody else sends the same bytes. */
const BREAKS = new Set<ErrorCode>(["ARTIFACT_MISSING", "ARTIFACT_DIGEST", "USAGE"]);
const MOST_BREAKS = 5;
const BACKOFF = { baseMs: 1000, capMs: 60_000 };

/**
 * A note with this device's own word for the engine; without it where nobody could rely on it: the engine was not tried,
 * or found nothing, or there is no certificate to sign by.
 */
export function attested(note: BuiltNote, backend: string, attester: Attester): BuiltNote {
  const { fleet, device, bootId, agentVersion } = attester;
  const identity = attester.identity();
  const { selfTest, key, model, accelerator, digest, sizeBytes, atMs, seconds } = note;
  if (identity === null || selfTest === undefined || !saysSomething(selfTest.figures)) return note;
  const statement: EngineStatement = {
    ...{ statement: 1, fleet, device, bootId, agentVersion, backend },
    ...{ key, keyDigest: sha256Digest(key), model, accelerator, digest, sizeBytes, seconds },
    ...{ selfTest: selfTest.figures, builtAtMs: atMs },
  };
  return { ...note, attestation: attestEngine(statement, identity) };
}

/**
 * Has the hub offer an engine of this device to others, through outages of both, for as long as the engine is kept.
 * Resolves with whether it does; throws why it never will: ENGINE_*, HUB_REFUSED, USAGE, CANCELLED.
 */
export async function offerEngine(
  attestation: EngineAttestation,
  { hub, store }: { hub: HubEngines; store: EngineStore },
  signal: AbortSignal,
): Promise<boolean> {
  const statement = EngineStatement.parse(parseJson(attestation.statement));
  const { keyDigest, digest } = statement;
  let broken = 0;
  const offer = async (): Promise<boolean> => {
    const place = store.placeOf(keyDigest);
    if (place?.digest !== digest) return false;
    const answer = await hub.offer(keyDigest, attestation, signal);
    if (answer.state === "send") await hub.send(statement, place.path, answer.fromBytes, signal);
    return true;
  };
  return keepTrying(offer, {
    signal,
    backoff: BACKOFF,
    mayPass: (error) => {
      if (!isFleetError(error)) return false;
      if (OUTAGES.has(error.code)) return true;
      broken += 1;
      return BREAKS.has(error.code) && broken < MOST_BREAKS;
    },
    onFailure: () => undefined,
  });
}
