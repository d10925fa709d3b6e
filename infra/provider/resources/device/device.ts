import { FleetError } from "../../../../fleet/errors/index.ts";
import { uninstall } from "../../../../fleet/provision/install.ts";
import { DeviceSpec, UNSUPPORTED_DEVICE_KEYS } from "../../../../fleet/spec/index.ts";
import { diffInputs, diffState, type PropertyDiff, sameValue } from "../../diff.ts";
import { type Properties, UNKNOWN, type Value } from "../../rpc/values.ts";
import type { Known, Resource } from "../resource.ts";
import { provision } from "./provision.ts";
import { isUnreachable, readDevice } from "./read.ts";
import { GOALS, goalsOf, PROBED, specOf, targetOf } from "./state.ts";

const RULES = { replaceOn: ["name"], deleteBeforeReplace: true };

export const deviceResource: Resource = {
  type: "jetfleet:index:Device",
  rules: { schema: DeviceSpec, unsupported: UNSUPPORTED_DEVICE_KEYS, secrets: [] },
  timeoutsMs: { create: 600_000, update: 600_000, delete: 120_000, read: 60_000 },

  goals: goalsOf,

  diff(known, news) {
    const goals = Object.fromEntries(GOALS.map((key) => [key, news[key]]));
    const declared = diffInputs(known.inputs, news, RULES);
    const changes = [...declared, ...diffState(known.state, goals), ...labelDrift(known, news)];
    return { changes, deleteBeforeReplace: RULES.deleteBeforeReplace };
  },

  previewCreate(inputs) {
    const unknown = Object.fromEntries(PROBED.map((key) => [key, UNKNOWN]));
    const board = inputs["board"] ?? UNKNOWN;
    const id = typeof inputs["name"] === "string" ? inputs["name"] : "";
    return { id, state: { ...unknown, ...inputs, board, labels: labelsIn(inputs) } };
  },

  previewUpdate(known, news, log) {
    const changed = (key: string) => !sameValue(known.inputs[key], news[key]);
    // At another address there may be another board.
    const moved = changed("address") || changed("port");
    const before = moved ? deviceResource.previewCreate(news, log).state : known.state;
    const board = news["board"] ?? before["board"] ?? UNKNOWN;
    const runtimeDigest = changed("runtime") ? UNKNOWN : (before["runtimeDigest"] ?? UNKNOWN);
    return { ...before, ...news, board, runtimeDigest, labels: labelsIn(news) };
  },

  async create(context, operation, inputs) {
    const spec = specOf(inputs);
    return { id: spec.name, state: await provision(context, operation, inputs, undefined) };
  },

  async update(context, operation, known, news) {
    return await provision(context, operation, news, known);
  },

  read: readDevice,

  async delete(context, operation, known) {
    const spec = specOf(known.inputs);
    const target = targetOf(spec, known.state["hostKey"]);
    try {
      const deadlineMs = Math.min(15_000, operation.timeoutMs / 2);
      const { signal } = operation;
      await context.ssh.use(target, { signal, deadlineMs }, async (connection) => {
        operation.status("removing the agent");
        await uninstall(connection, operation.signal);
      });
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (context.config.onUnreachable !== "forget") throw unreachableOnDelete(spec.name, error);
      operation.log(
        "warning",
        `${error.message}; the device is forgotten and its agent stays on the board`,
      );
    }
    await context.hubInfo(operation.signal);
    await context.hub(operation.signal).deleteDevice(spec.name);
  },
};

/** A program that says nothing of labels wants none. */
function labelsIn({ labels }: Properties): Value {
  return labels ?? {};
}

/** Labels that somebody else gave the device; those that the program changed are told one by one. */
function labelDrift({ inputs, state }: Known, news: Properties): PropertyDiff[] {
  if (state["labels"] === undefined || !sameValue(inputs["labels"], news["labels"])) return [];
  return diffState(state, { labels: labelsIn(news) });
}

function unreachableOnDelete(name: string, cause: FleetError): FleetError {
  return new FleetError(
    cause.code,
    `Expected to remove the agent of ${name} from its board but: ${cause.message}`,
    {
      cause,
      hint:
        "Bring the board back, or choose: set `jetfleet:onUnreachable` to `forget` (locks the device out of the hub " +
        "and leaves its board as it is), `retainOnDelete`, or `pulumi state delete`.",
    },
  );
}
