import { z } from "zod";
import type { FormerDesired } from "../../../fleet/contract/index.ts";
import { FleetError, isFleetError } from "../../../fleet/errors/index.ts";
import type { FleetLink } from "../../../fleet/hub/client/index.ts";
import { signFormer } from "../../../fleet/release/index.ts";
import type { BoardName } from "../../../fleet/spec/index.ts";
import type { FleetContext } from "../fleet-context.ts";
import type { Operation } from "../rpc/operation.ts";
import { type Content, composeDesired, openDesired } from "./desired.ts";

interface Change<T> {
  result: T;
  generation: number;
  errorBeforeAtMs: number | null;
}

/** Reads, changes, signs and publishes a device's desired document, one change at a time. */
export async function changeDesired<T extends { content: Content }>(
  context: FleetContext,
  operation: Operation,
  link: FleetLink,
  device: { name: string; board: BoardName },
  change: (content: Content) => T,
): Promise<Change<T>> {
  return await context.desiredLock.run(device.name, async () => {
    const previous = await retainedDesired(context, operation, link, device.name);
    const reported = await link.readRetained(device.name, "reported");
    const result = change(previous ?? { pipelines: [], models: [] });
    const base = {
      fleet: context.config.fleet,
      device: device.name,
      board: device.board,
      artifactUrl: context.config.hubUrl,
    };
    const desired = composeDesired(base, result.content, previous, reported, Date.now());
    const envelope = signFormer(JSON.stringify(desired), context.key.privateKeyPem);
    await link.publish(device.name, "desired", envelope);
    const errorBeforeAtMs = reported?.error?.atMs ?? null;
    return { result, generation: desired.generation, errorBeforeAtMs };
  });
}

/** What the device was told last; null when nothing was, or when it does not bear this fleet's signature. */
export async function retainedDesired(
  context: FleetContext,
  operation: Operation,
  link: FleetLink,
  device: string,
): Promise<FormerDesired | null> {
  const envelope = await link.readRetained(device, "desired");
  if (envelope === null) return null;
  try {
    return openDesired(envelope, context.key.publicKeyPem);
  } catch (error) {
    if (!isFleetError(error, "DESIRED_UNSIGNED") && !(error instanceof z.ZodError)) throw error;
    const reason = error instanceof FleetError ? error.message : "it does not follow the contract";
    operation.log("warning", `The desired document of ${device} is not used: ${reason}`);
    return null;
  }
}
