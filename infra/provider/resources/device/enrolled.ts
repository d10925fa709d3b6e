import type { Reported } from "../../../../fleet/contract/index.ts";
import { FleetError, isFleetError } from "../../../../fleet/errors/index.ts";
import { CONTROLS } from "../../../../fleet/provision/controls.ts";
import { BoardName, DeviceSpec, type Labels } from "../../../../fleet/spec/index.ts";
import { judgeOnline } from "../../await/agent-online.ts";
import { isOnline } from "../../await/device-online.ts";
import { waitUntil } from "../../await/wait-until.ts";
import { type DeviceView, warnOfCopy, watchDevice } from "../../await/watch-device.ts";
import type { CheckFailure } from "../../check.ts";
import { diffState, type PropertyDiff, sameValue } from "../../diff.ts";
import type { FleetContext } from "../../fleet-context.ts";
import { InitFailed } from "../../rpc/errors.ts";
import type { Operation } from "../../rpc/operation.ts";
import { hasUnknown, type Properties, reveal } from "../../rpc/values.ts";
import type { Known } from "../resource.ts";
import { ownerFor, ownerIn } from "./ownership.ts";

/*
 * A device whose board nobody reaches: it was enrolled from its own side, and all that is known and asked of it goes
 * through the hub. Nothing on its board is set from here, so what can only be set there is refused.
 */

const Spec = DeviceSpec.pick({ name: true, board: true, labels: true, takeOver: true });

/** Inputs that are put into effect on the board, by who reaches it. */
const ON_BOARD = [
  "maintenanceWindow",
  "address",
  "ssh",
  ...CONTROLS,
  "engineQuotaMib",
  "packages",
  "packageFiles",
  "container",
] as const;

export function isEnrolled(inputs: Properties): boolean {
  return inputs["enroll"] === true;
}

/** What a device is reached by: exactly one of both ways. */
export function wayFailures(inputs: Properties): CheckFailure[] {
  if (hasUnknown(inputs["enroll"] ?? false)) return [];
  if (!isEnrolled(inputs)) {
    return (["address", "ssh"] as const)
      .filter((property) => inputs[property] === undefined)
      .map((property) => ({
        property,
        reason: "expected it, or `enroll: true` for a board that cannot be reached from here",
      }));
  }
  return ON_BOARD.filter((property) => inputs[property] !== undefined).map((property) => ({
    property,
    reason: "expected nothing beside `enroll: true`, as the board is not reached from here",
  }));
}

export function diffEnrolled({ state }: Known, news: Properties): PropertyDiff[] {
  return diffState(state, { online: true, labels: news["labels"] ?? {} });
}

/** Waits until the board has been enrolled and is online, as it should be. */
export async function awaitEnrolled(
  context: FleetContext,
  operation: Operation,
  inputs: Properties,
  known: Known | undefined,
): Promise<Properties> {
  const { name, board, labels = {}, takeOver = false } = specOf(inputs);
  const { signal, urn } = operation;
  await context.hubInfo(signal);
  const owner = ownerFor(urn, known?.state);
  await context.hub(signal).claimDevice(name, { owner, takeOver });
  return await context.withLink(signal, async (link) => {
    const view: DeviceView = { presence: null, reported: null };
    try {
      await waitUntil({
        ...{ operation, link, goal: `${name} to be enrolled and online`, code: "AGENT_OFFLINE" },
        judge: () => {
          const verdict = judgeOnline({ ...view, restarts: 0 }, null, false);
          if (view.presence !== null || verdict.verdict !== "waiting") return verdict;
          return {
            ...{ verdict: "waiting", reason: "no board has been enrolled under its name yet" },
            hint: `Run \`${enrollCommand(name, board, labels)}\` here, and the line that it prints on the board; then \`up\` again.`,
          };
        },
        observe: (changed) => watchDevice(link, name, view, changed),
        atEnd: () => warnOfCopy(operation, name, view),
      });
    } catch (error) {
      const state = { ...inputs, owner, agent: "unknown", online: false };
      throw new InitFailed(name, state, inputs, error);
    }
    if (view.reported === null) throw new Error("a device was online without a report");
    requireAsDeclared(view.reported, name, board, labels);
    for (const says of view.reported.board.card?.findings ?? [])
      operation.log("warning", `The board of ${name}: ${says}`);
    return { ...inputs, ...factsOf(context, view.reported), owner, online: true };
  });
}

/** What the hub has of it now. */
export async function readEnrolled(
  context: FleetContext,
  operation: Operation,
  known: Known,
): Promise<Known> {
  const { name } = specOf(known.inputs);
  const { signal } = operation;
  try {
    return await context.withLink(signal, async (link) => {
      const reported = await link.readRetained(name, "reported");
      const online = await isOnline(link, name);
      const facts = reported === null ? {} : factsOf(context, reported);
      const agent = online ? "active" : "unknown";
      return { ...known, state: { ...known.state, ...facts, agent, online } };
    });
  } catch (error) {
    if (!isFleetError(error, "HUB_UNREACHABLE")) throw error;
    operation.log("warning", `${name} keeps its last known state: ${error.message}`);
    return known;
  }
}

/** Its certificate is revoked; what lies on its board is for who is there. */
export async function deleteEnrolled(
  context: FleetContext,
  operation: Operation,
  known: Known,
): Promise<void> {
  const { name } = specOf(known.inputs);
  const { signal } = operation;
  await context.hubInfo(signal);
  const hub = context.hub(signal);
  try {
    await hub.deleteDevice(name, { id: ownerIn(known.state)?.id ?? null });
  } catch (error) {
    if (!isFleetError(error, "DEVICE_OWNED")) throw error;
    operation.log("warning", `${error.message}; its certificate and its pipelines stay`);
    return;
  }
  await hub.endEnrolment(name);
  operation.log(
    "warning",
    `${name} is locked out of the hub; its agent stays on the board until \`sudo sh /opt/jetfleet/remove.sh\` is run there`,
  );
}

function specOf(inputs: Properties) {
  return Spec.parse(
    Object.fromEntries(
      Object.entries(reveal(inputs) as Properties).filter(([key]) => key in Spec.shape),
    ),
  );
}

/** What only a new enrolment changes. */
function requireAsDeclared(
  reported: Reported,
  name: string,
  board: BoardName | undefined,
  labels: Labels,
): void {
  const found = reported.board.board;
  if (board !== undefined && found !== board) {
    throw new FleetError(
      "BOARD_MISMATCH",
      `Expected board ${board} as ${name} but what was enrolled is ${found} (model "${reported.board.model}")`,
    );
  }
  if (sameValue({ ...reported.labels }, { ...labels })) return;
  throw new FleetError(
    "SPEC_UNSUPPORTED",
    `Expected ${name} to have the labels ${JSON.stringify(labels)} but its board has ${JSON.stringify(reported.labels ?? {})}`,
    {
      hint: `Labels are the board's own: run \`${enrollCommand(name, BoardName.safeParse(found).data, labels)}\` and the line that it prints there.`,
    },
  );
}

function enrollCommand(name: string, board: BoardName | undefined, labels: Labels): string {
  const given = Object.entries(labels).map(([key, value]) => ` --label ${key}=${value}`);
  return `npm run jetfleet -- enroll ${name} --board ${board ?? "BOARD"}${given.join("")}`;
}

/** Outputs that a report tells; of what only a look at the board would tell there are none. */
function factsOf({ config }: FleetContext, { board, labels }: Reported): Properties {
  const { board: family, model, jetpack, l4t, powerMode, machine, simulated } = board;
  const { clocks = null, fanProfile = null, card } = board;
  const { findings: _, ...cardFacts } = card ?? { findings: [] };
  return {
    ...{ board: family, model, jetpack, l4t: l4t ?? "", machine, simulated },
    ...{ powerMode, clocks, fanProfile, ...cardFacts },
    ...{ labels: { ...labels }, agent: "active", fleet: config.fleet },
  };
}
