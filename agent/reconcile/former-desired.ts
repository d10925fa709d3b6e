import { FORMER_CONTRACT, FormerDesired, SignedEnvelope } from "../../fleet/contract/index.ts";
import { type Identity, judge, type Memory, type Verdict } from "../../fleet/deploy/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { openFormer, parseJson } from "../../fleet/release/index.ts";
import type { Acceptable } from "../update/accept.ts";

type Former = Exclude<Verdict, { verdict: "accepted" }> | ({ verdict: "accepted" } & Acceptable);

/** Judges a message of either contract: a device obeys the former one until its hub composes parts for it. */
export function judgeEither(
  message: Buffer,
  memory: Memory,
  identity: Identity,
  builtAtMs: number,
) {
  const envelope = memory.digest === null ? parseJson(message.toString("utf8")) : undefined;
  if (SignedEnvelope.safeParse(envelope).success) return judgeFormer(envelope, memory, identity);
  return judge(message, memory, { systemMs: Date.now(), builtAtMs }, identity);
}

function judgeFormer(envelope: unknown, memory: Memory, identity: Identity): Former {
  try {
    const desired = openDesired(envelope, identity);
    const { generation } = desired;
    if (generation === memory.formerGeneration) return { verdict: "same" };
    if (generation < memory.formerGeneration) {
      const message = `Expected a generation above ${memory.formerGeneration} but got ${generation}: an older one`;
      throw new FleetError("DESIRED_STALE", message);
    }
    const pipelines = desired.pipelines.map((spec) => wantedOf(spec, desired));
    const remembered = { ...memory, formerGeneration: generation };
    return { verdict: "accepted", desired, pipelines, refused: [], memory: remembered };
  } catch (error) {
    if (error instanceof FleetError) return { verdict: "refused", error };
    throw error;
  }
}

function wantedOf(spec: FormerDesired["pipelines"][0], { models }: FormerDesired) {
  const model = models.find(({ name }) => name === spec.detect.model);
  if (model) return { spec, model, part: null, set: null };
  const message = `Pipeline ${spec.name} names model ${spec.detect.model}, which the document does not hold`;
  throw new FleetError("DESIRED_INVALID", message);
}

function openDesired(envelope: unknown, identity: Identity): FormerDesired {
  const value = parseJson(openFormer(envelope, identity.rootPublicKeyPem));
  const parsed = FormerDesired.safeParse(value);
  if (!parsed.success) {
    throw new FleetError(
      "DESIRED_INVALID",
      `Expected a valid document of contract ${FORMER_CONTRACT} but ${parsed.error.issues[0]?.message}`,
    );
  }
  const { fleet, device, board } = parsed.data;
  if (fleet !== identity.fleet || device !== identity.device) {
    const message = `Expected a document for ${identity.fleet}/${identity.device} but got one for ${fleet}/${device}`;
    throw new FleetError("DESIRED_INVALID", message);
  }
  if (identity.board !== "unknown" && board !== identity.board) {
    const message = `Expected a document for board ${identity.board} but got one for ${board}`;
    throw new FleetError("BOARD_MISMATCH", message);
  }
  return parsed.data;
}
