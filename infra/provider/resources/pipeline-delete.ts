import type { Reported, ReportedError } from "../../../fleet/contract/index.ts";
import { FleetError } from "../../../fleet/errors/index.ts";
import type { FleetLink } from "../../../fleet/hub/client/index.ts";
import { waitUntil } from "../await/wait-until.ts";
import type { FleetContext } from "../fleet-context.ts";
import { disown, ownerOf, withdraw } from "../release/publish.ts";
import type { Operation } from "../rpc/operation.ts";
import { FORGET_HINT, unreachablePolicy } from "../unreachable.ts";
import { ownerIn, parseInputs } from "./pipeline-inputs.ts";
import type { Known } from "./resource.ts";

export async function deletePipeline(
  context: FleetContext,
  operation: Operation,
  known: Known,
): Promise<void> {
  const { signal, urn } = operation;
  const { device, name } = parseInputs(known.inputs);
  await context.withLink(signal, async (link) => {
    const own = ownerOf(urn);
    const former = ownerIn(known.state);
    const reported = await link.readRetained(device.name, "reported");
    const withdrawn = await withdraw(context, signal, device.name, name, own, former);
    if (typeof withdrawn === "object") {
      const { program, resource } = withdrawn.of;
      const of = `${program} (${resource})`;
      operation.log("warning", `${name} of ${device.name} is of ${of} by now and stays`);
      return;
    }
    if (withdrawn === "absent") {
      if (!mayRun(context, operation, known, reported)) return;
      await disown(context, signal, reported, name, own);
    }
    const presence = await link.readRetained(device.name, "presence");
    if (!presence?.online) {
      operation.log("warning", `${device.name} is offline; it will stop ${name} when it is back`);
      return;
    }
    await waitStopped(operation, link, device.name, name, reported?.error?.atMs ?? null);
  });
}

/**
 * That the hub has no word of a pipeline does not mean that its device runs none: whether it has to be told to stop it.
 * Throws where that cannot be known, unless the program forgets such devices.
 */
function mayRun(
  context: FleetContext,
  operation: Operation,
  { inputs, state }: Known,
  reported: Reported | null,
): reported is Reported {
  const { device, name } = parseInputs(inputs);
  if (reported !== null) return lists(reported, name);
  const { hub } = state;
  // The very hub that had it has since forgotten the device, and with its certificate what it ran.
  if (hub === undefined || hub === context.hubMark()) return false;
  const message =
    `Expected the hub at ${context.config.hubUrl} to know ${device.name}, which got ${name} from another hub, ` +
    "but it has never reported here and may still run it";
  if (unreachablePolicy(context, inputs["device"]) !== "forget") {
    throw new FleetError("AGENT_OFFLINE", message, { hint: FORGET_HINT });
  }
  operation.log("warning", `${message}; it is forgotten`);
  return false;
}

function lists({ pipelines }: Reported, name: string): boolean {
  return pipelines.some((one) => one.name === name && one.state !== "stopped");
}

async function waitStopped(
  operation: Operation,
  link: FleetLink,
  device: string,
  name: string,
  errorBeforeAtMs: number | null,
): Promise<void> {
  let listed = true;
  let refusal: ReportedError | null = null;
  await waitUntil({
    operation,
    link,
    goal: `pipeline ${name} to stop on ${device}`,
    code: "PIPELINE_NOT_RUNNING",
    judge: () =>
      listed
        ? { verdict: "waiting", ...sayWaiting(device, refusal) }
        : { verdict: "done", text: "stopped" },
    observe: (changed) =>
      link.subscribe(device, "reported", (reported) => {
        listed = lists(reported, name);
        const { error } = reported;
        // One of that time is not about this.
        refusal = error?.atMs === errorBeforeAtMs ? null : error;
        changed();
      }),
  });
}

function sayWaiting(device: string, refusal: ReportedError | null) {
  if (refusal === null) return { reason: `${device} is stopping it` };
  return { reason: `${device} says ${refusal.message}`, hint: refusal.hint };
}
