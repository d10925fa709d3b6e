import { FleetError } from "../../../../fleet/errors/index.ts";
import { probeBoard, warnOfModule } from "../../../../fleet/provision/probe.ts";
import { isOnline } from "../../await/device-online.ts";
import { sameValue } from "../../diff.ts";
import type { FleetContext } from "../../fleet-context.ts";
import type { Operation } from "../../rpc/operation.ts";
import type { Properties } from "../../rpc/values.ts";
import { isUnreachable } from "../../unreachable.ts";
import type { Known } from "../resource.ts";
import { isEnrolled, readEnrolled } from "./enrolled.ts";
import { formerBoardsIn, mayBeFormers } from "./former-boards.ts";
import { importDevice } from "./import.ts";
import { otherOwner } from "./ownership.ts";
import { specOf, stateOf, targetOf } from "./state.ts";

/** What is so now. A board that does not answer keeps its last known state, for it is not gone. */
export async function readDevice(
  context: FleetContext,
  operation: Operation,
  known: Known,
): Promise<Known> {
  if (Object.keys(known.inputs).length === 0) {
    return await importDevice(context, operation, known.id);
  }
  if (isEnrolled(known.inputs)) return await readEnrolled(context, operation, known);
  const spec = specOf(known.inputs);
  const target = await targetOf(spec, known.state["hostKey"]);
  const { signal } = operation;
  // Time is left over for the hub.
  const deadlineMs = Math.min(10_000, operation.timeoutMs / 2);
  let seen: Properties;
  try {
    seen = await context.ssh.use(target, { signal, deadlineMs }, async (connection) => {
      const probe = await probeBoard(connection, signal, spec.container ?? null);
      // Only once, as a refresh may be run often.
      if (!sameValue(known.state["module"], probe.module)) warnOfModule(probe, operation);
      const other = otherOwner(probe, known.state);
      return {
        ...stateOf(context, probe, connection.hostKey),
        board: probe.board,
        ...(other !== null && { takenOverBy: other }),
      };
    });
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    operation.log("warning", `${spec.name} keeps its last known state: ${error.message}`);
    return known;
  }
  // What does not run is not online, whatever its will says yet.
  const mayBeOnline =
    seen["agent"] === "active" && !mayBeFormers(known, known.inputs, formerBoardsIn(known.state));
  const online = mayBeOnline ? await readOnline(context, operation, spec.name) : false;
  const { takenOverBy: _, ...former } = known.state;
  const state: Properties = { ...former, ...seen, ...(online !== null && { online }) };
  const { runtimeDigest } = known.state;
  if (seen["runtimeDigest"] !== runtimeDigest) state["runtime"] = describeRuntime(seen);
  return { id: known.id, inputs: known.inputs, state };
}

/** What stands on the board in place of what this provider put there. */
function describeRuntime({ runtimeDigest }: Properties): string {
  return runtimeDigest === "" ? "missing" : "another";
}

/** Whether the hub has the agent online; null when the hub does not answer. */
async function readOnline(
  context: FleetContext,
  operation: Operation,
  device: string,
): Promise<boolean | null> {
  try {
    return await context.withLink(operation.signal, async (link) => {
      return await isOnline(link, device);
    });
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== "HUB_UNREACHABLE") throw error;
    operation.log("warning", `Whether ${device} is online is not known: ${error.message}`);
    return null;
  }
}
