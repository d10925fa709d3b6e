import { isFleetError } from "../../../fleet/errors/index.ts";
import type { FleetContext } from "../fleet-context.ts";
import { hubGoal } from "../release/hub-mark.ts";
import { verifiedPart } from "../release/known-parts.ts";
import type { Operation } from "../rpc/operation.ts";
import type { Properties } from "../rpc/values.ts";
import { importPipeline } from "./pipeline-import.ts";
import { lastReleased, parseInputs } from "./pipeline-inputs.ts";
import type { Known } from "./resource.ts";

/** What hub and device say of it now. Where one of them does not answer, the state stays as it is known. */
export async function readPipeline(
  context: FleetContext,
  operation: Operation,
  known: Known,
): Promise<Known | null> {
  if (Object.keys(known.inputs).length === 0) {
    return await importPipeline(context, operation, known.id);
  }
  const { device, name } = parseInputs(known.inputs);
  const keep = (reason: string) => {
    operation.log("warning", `${known.id} keeps its last known state: ${reason}`);
    return known;
  };
  const withState = (state: string, rest: Properties = {}) => ({
    ...known,
    state: { ...known.state, ...rest, state },
  });
  try {
    return await context.withLink(operation.signal, async (link) => {
      const deployed = await chosenPart(context, operation, device.name, name);
      const last = lastReleased(known.state);
      if (last === null && deployed === "former") return known;
      if (deployed === null || last === null) return withState("absent");
      const here = hubGoal(context);
      if (deployed !== last.part.digest) return withState("changed", here);
      const presence = await link.readRetained(device.name, "presence");
      if (!presence?.online) return keep(`${device.name} is offline`);
      const reported = await link.readRetained(device.name, "reported");
      const running = reported?.pipelines.find((one) => one.name === name);
      if (running && running.specDigest !== known.state["specDigest"]) {
        return withState("changed", here);
      }
      return withState(running?.state ?? "absent", here);
    });
  } catch (error) {
    if (!isFleetError(error, "HUB_UNREACHABLE")) throw error;
    return keep(error.message);
  }
}

/** Digest of the part that the hub has chosen; `former` for one of a document of the former version. */
async function chosenPart(
  context: FleetContext,
  operation: Operation,
  device: string,
  name: string,
): Promise<string | null> {
  const roles = await context.certified(operation.signal, null);
  const { answer } = await context.hub(operation.signal).deploy.pipeline(device, name);
  if (answer.chosen === null) return answer.former ? "former" : null;
  const question = { fleet: context.config.fleet, device, name, releaseKeys: roles.release };
  return verifiedPart("pipeline", answer.chosen.pipeline, question)?.digest ?? null;
}
