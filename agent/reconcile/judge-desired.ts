import { type BoardFacts, FORMER_CONTRACT, FormerDesired } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { openFormer } from "../../fleet/release/index.ts";
import type { PipelineVersion } from "../update/pipeline-version.ts";
import { versionsOf } from "./plan.ts";

/** A signed payload of 1 MiB may double by JSON escapes; anything longer is refused before it is parsed. */
export const MAX_ENVELOPE_BYTES = 2 * 2 ** 20 + 1024;

export interface Identity {
  fleet: string;
  device: string;
  publicKeyPem: string;
  board: BoardFacts["board"];
}

export interface InForce {
  generation: number;
  /** Signed text of the document in force; null when none was ever accepted. */
  payload: string | null;
}

export interface AcceptedDesired {
  desired: FormerDesired;
  versions: PipelineVersion[];
  /** The envelope exactly as it came. */
  envelopeText: string;
  payload: string;
}

export type Verdict =
  | { verdict: "accepted"; accepted: AcceptedDesired }
  /** The document in force came again, as it does after every reconnect. */
  | { verdict: "same" }
  | { verdict: "refused"; error: FleetError };

/** Decides over a message on `desired`. Whatever arrives, this does not throw. */
export function judgeDesired(message: Buffer, identity: Identity, inForce: InForce): Verdict {
  try {
    const accepted = openDesired(message, identity);
    const { generation } = accepted.desired;
    if (generation === inForce.generation && accepted.payload === inForce.payload) {
      return { verdict: "same" };
    }
    requireNewer(generation, inForce);
    return { verdict: "accepted", accepted };
  } catch (error) {
    if (error instanceof FleetError) return { verdict: "refused", error };
    throw error;
  }
}

/** Signature first, then shape, then whether it is meant for this device. */
export function openDesired(message: Buffer, identity: Identity): AcceptedDesired {
  if (message.length > MAX_ENVELOPE_BYTES) {
    throw invalid(`Expected at most ${MAX_ENVELOPE_BYTES} bytes but got ${message.length}`);
  }
  const envelopeText = message.toString("utf8");
  const payload = openFormer(parseJson(envelopeText), identity.publicKeyPem);
  const desired = parseDesired(payload);
  requireMeantForUs(desired, identity);
  return { desired, versions: versionsOf(desired), envelopeText, payload };
}

function parseDesired(payload: string): FormerDesired {
  const document = parseJson(payload);
  const version = (document as { contract?: unknown } | null)?.contract;
  if (version !== FORMER_CONTRACT) {
    throw invalid(`Expected contract ${FORMER_CONTRACT} but got ${JSON.stringify(version)}`);
  }
  const parsed = FormerDesired.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`Expected a valid document but ${issue?.path.join(".")}: ${issue?.message}`);
  }
  requireUniqueNames(parsed.data);
  return parsed.data;
}

function requireUniqueNames({ pipelines, models }: FormerDesired): void {
  for (const named of [pipelines, models]) {
    const names = named.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw invalid(`Expected unique names but ${twice} stands there twice`);
  }
}

function requireMeantForUs(desired: FormerDesired, { fleet, device, board }: Identity): void {
  if (desired.fleet !== fleet || desired.device !== device) {
    throw invalid(
      `Expected a document for ${fleet}/${device} but got one for ${desired.fleet}/${desired.device}`,
    );
  }
  if (board !== "unknown" && desired.board !== board) {
    const message = `Expected a document for board ${board} but got one for ${desired.board}`;
    throw new FleetError("BOARD_MISMATCH", message);
  }
}

function requireNewer(generation: number, inForce: InForce): void {
  if (generation > inForce.generation) return;
  // The state says which generation was accepted, but its document is lost: take it from whoever signed it.
  if (generation === inForce.generation && inForce.payload === null) return;
  const what =
    generation === inForce.generation ? "another document of the same generation" : "an older one";
  throw new FleetError(
    "DESIRED_STALE",
    `Expected a generation above ${inForce.generation} but got ${generation}: ${what}`,
  );
}

function invalid(message: string): FleetError {
  return new FleetError("DESIRED_INVALID", message);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid("Expected JSON but the message does not parse");
  }
}
