import { z } from "zod";
import { FleetError, isFleetError } from "../../../../fleet/errors/index.ts";
import { noContainer } from "../../../../fleet/provision/container-facts.ts";
import { CONTROLS } from "../../../../fleet/provision/controls.ts";
import {
  DeviceSpec,
  MaintenanceWindow,
  opensNext,
  SSH_SECRETS,
} from "../../../../fleet/spec/index.ts";
import type { CheckFailure } from "../../check.ts";
import { diffInputs, diffState, type PropertyDiff, sameValue } from "../../diff.ts";
import type { FleetContext } from "../../fleet-context.ts";
import type { Operation } from "../../rpc/operation.ts";
import {
  hasUnknown,
  isProperties,
  type Properties,
  reveal,
  UNKNOWN,
  type Value,
} from "../../rpc/values.ts";
import { FORGET_HINT, isUnreachable, unreachablePolicy } from "../../unreachable.ts";
import type { Known, Resource } from "../resource.ts";
import { declaredTwice } from "./declared.ts";
import {
  awaitEnrolled,
  deleteEnrolled,
  diffEnrolled,
  isEnrolled,
  wayFailures,
} from "./enrolled.ts";
import { factsOf } from "./facts.ts";
import {
  formerBoardsIn,
  isMoved,
  leaveFormerBoards,
  onFormer,
  removeAgent,
} from "./former-boards.ts";
import { ownerIn } from "./ownership.ts";
import { provision } from "./provision.ts";
import { readDevice } from "./read.ts";
import { GOALS, goalsOf, PROBED, type ReachedDevice, specOf } from "./state.ts";
import { withWhereabouts } from "./whereabouts.ts";

const RULES = { replaceOn: ["name"], deleteBeforeReplace: true };

export const deviceResource: Resource = {
  type: "jetfleet:index:Device",
  rules: { schema: DeviceSpec, unsupported: [], secrets: SSH_SECRETS },
  drifts: true,
  timeoutsMs: { create: 600_000, update: 600_000, delete: 120_000, read: 60_000 },

  refine: (inputs, _checked, urn) =>
    Promise.resolve([
      ...wayFailures(inputs),
      ...carriedInVain(inputs),
      ...containerInVain(inputs),
      ...declaredTwice(urn, inputs),
    ]),
  goals: goalsOf,
  derived: (state) => ({ facts: factsOf(state) }),

  diff(known, news) {
    const goals = Object.fromEntries(GOALS.map((key) => [key, news[key]]));
    const declared = diffInputs(known.inputs, news, RULES).filter(
      ({ path }) => !isAsFound(path, known.state, news),
    );
    if (isEnrolled(news)) {
      const changes = [...declared, ...diffEnrolled(known, news)];
      return { changes, deleteBeforeReplace: RULES.deleteBeforeReplace };
    }
    const drift = [...diffState(known.state, goals), ...labelDrift(known, news)];
    const changes = [...declared, ...drift, ...controlDrift(known, news), ...toBeRidOf(known)];
    return { changes, deleteBeforeReplace: RULES.deleteBeforeReplace };
  },

  previewCreate(inputs) {
    const unknown = Object.fromEntries(PROBED.map((key) => [key, UNKNOWN]));
    const board = inputs["board"] ?? UNKNOWN;
    const id = typeof inputs["name"] === "string" ? inputs["name"] : "";
    return { id, state: { ...unknown, ...inputs, board, labels: labelsIn(inputs) } };
  },

  previewUpdate(known, news, log) {
    const window = MaintenanceWindow.safeParse(reveal(news["maintenanceWindow"] ?? null)).data;
    const opens = window && opensNext(window, Date.now());
    if (opens) log(`its maintenance window opens ${opens}: what restarts the agent is put off`);
    const changed = (key: string) => !sameValue(known.inputs[key], news[key]);
    const moved = isMoved(known, news);
    if (moved && known.state["hostKey"]) log(willLeave(known, news));
    const owner = known.state["owner"] ?? UNKNOWN;
    const { takenOverBy: _, imported: __, formerBoards: ___, ...state } = known.state;
    const before = moved ? { ...deviceResource.previewCreate(news, log).state, owner } : state;
    const board = news["board"] ?? before["board"] ?? UNKNOWN;
    const runtimeDigest = changed("runtime") ? UNKNOWN : (before["runtimeDigest"] ?? UNKNOWN);
    const controls = Object.fromEntries(
      CONTROLS.map((key) => [
        key,
        news[key] ?? (changed(key) ? UNKNOWN : (before[key] ?? UNKNOWN)),
      ]),
    );
    return { ...before, ...news, ...controls, board, runtimeDigest, labels: labelsIn(news) };
  },

  async create(context, operation, inputs) {
    if (isEnrolled(inputs)) {
      const state = await awaitEnrolled(context, operation, inputs, undefined);
      return { id: z.string().parse(inputs["name"]), state };
    }
    const spec = specOf(inputs);
    return { id: spec.name, state: await provision(context, operation, inputs, undefined) };
  },

  async update(context, operation, known, news) {
    if (isForLater(known, news)) return { ...known.state, ...news };
    if (isEnrolled(news)) return await awaitEnrolled(context, operation, news, known);
    const startedMs = performance.now();
    try {
      const state = await provision(context, operation, news, known);
      return await leaveFormerBoards(context, operation, known, state);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (unreachablePolicy(context, news) !== "skip") {
        if (placeIn(news) !== placeIn(known.inputs)) throw error;
        const asked = { name: specOf(news).name, triedMs: performance.now() - startedMs };
        throw await withWhereabouts(context, operation, error, asked);
      }
      operation.log(
        "warning",
        `${error.message}; it stays as it is, and the next \`up\` tries again`,
      );
      return { ...known.state, agent: "unreachable" };
    }
  },

  read: readDevice,

  async delete(context, operation, known) {
    if (isEnrolled(known.inputs)) return await deleteEnrolled(context, operation, known);
    const spec = specOf(known.inputs);
    const former = formerBoardsIn(known.state).map((board) => onFormer(spec, board));
    for (const board of [...former, spec]) await removeOrForget(context, operation, board, known);
    await context.hubInfo(operation.signal);
    try {
      const id = ownerIn(known.state)?.id ?? null;
      await context.hub(operation.signal).deleteDevice(spec.name, { id });
    } catch (error) {
      if (!isFleetError(error, "DEVICE_OWNED")) throw error;
      operation.log("warning", `${error.message}; its certificate and its pipelines stay`);
    }
  },
};

/** What a program says of the board, or no longer says, where it is what was found: an import knows no better. */
function isAsFound(path: string, state: Properties, { board, ssh }: Properties): boolean {
  const pinned = isProperties(ssh) ? ssh["hostKey"] : undefined;
  const said = { board, "ssh.hostKey": pinned };
  const found = { board: state["board"], "ssh.hostKey": state["hostKey"] };
  if (path !== "board" && path !== "ssh.hostKey") return false;
  return said[path] === undefined || sameValue(said[path], found[path]);
}

/** Only what later operations go by has changed: the board need not be there for it. */
function isForLater(known: Known, news: Properties): boolean {
  const { changes } = deviceResource.diff(known, news);
  return (
    changes.length > 0 &&
    changes.every(({ path }) => /^(onUnreachable|maintenanceWindow)\b/.test(path))
  );
}

/** A program that says nothing of labels wants none. */
function labelsIn({ labels }: Properties): Value {
  return labels ?? {};
}

/** Only of what the program asks for. */
function controlDrift({ inputs, state }: Known, news: Properties): PropertyDiff[] {
  return CONTROLS.flatMap((key) => {
    const asked = news[key];
    return asked === undefined || !sameValue(inputs[key], asked)
      ? []
      : diffState(state, { [key]: asked });
  });
}

/** What no device should have: another that took its board, or from whom it was imported, or boards that it has left. */
function toBeRidOf({ state }: Known): PropertyDiff[] {
  return ["takenOverBy", "imported", "formerBoards"]
    .filter((path) => state[path] !== undefined)
    .map((path) => ({ path, kind: "delete", replace: false, inputDiff: false }));
}

/** Labels that somebody else gave the device; those that the program changed are told one by one. */
function labelDrift({ inputs, state }: Known, news: Properties): PropertyDiff[] {
  if (state["labels"] === undefined || !sameValue(inputs["labels"], news["labels"])) return [];
  return diffState(state, { labels: labelsIn(news) });
}

/** Packages that are given for a board on which none may be installed. */
function carriedInVain({ packages, packageFiles }: Properties): CheckFailure[] {
  if (packageFiles === undefined || packages === "install" || hasUnknown(packages ?? null))
    return [];
  const reason = 'expected packages: "install" beside it, for else nothing is installed';
  return [{ property: "packageFiles", reason }];
}

/** A container for a board that is said to be none of a PC's. */
function containerInVain({ container, board }: Properties): CheckFailure[] {
  if (container === undefined || typeof board !== "string" || board === "x86") return [];
  const { code, message, hint } = noContainer(board);
  return [{ property: "container", reason: message, code, ...(hint !== undefined && { hint }) }];
}

/** What a preview says of a board that it cannot look at. */
function willLeave({ inputs }: Known, news: Properties): string {
  return (
    `if it is another board that answers at ${placeIn(news)}, the agent is removed ` +
    `from the one at ${placeIn(inputs)} as soon as the new one is online`
  );
}

function placeIn({ address, port }: Properties): string {
  const isKnown = typeof address === "string" && typeof port === "number";
  return isKnown ? `${address}:${port}` : "an address that is not known yet";
}

async function removeOrForget(
  context: FleetContext,
  operation: Operation,
  spec: ReachedDevice,
  { inputs, state }: Known,
): Promise<void> {
  try {
    await removeAgent(context, operation, spec, state, 15_000);
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    if (unreachablePolicy(context, inputs) !== "forget")
      throw unreachableOnDelete(spec.name, error);
    operation.log(
      "warning",
      `${error.message}; the device is forgotten and its agent stays on the board`,
    );
  }
}

function unreachableOnDelete(name: string, cause: FleetError): FleetError {
  return new FleetError(
    cause.code,
    `Expected to remove the agent of ${name} from its board but: ${cause.message}`,
    { cause, hint: FORGET_HINT },
  );
}
