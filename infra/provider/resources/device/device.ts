import { z } from "zod";
import type { Presence } from "../../../../fleet/contract/index.ts";
import { FleetError } from "../../../../fleet/errors/index.ts";
import type { FleetLink } from "../../../../fleet/hub/client/index.ts";
import { DeviceSpec, UNSUPPORTED_DEVICE_KEYS } from "../../../../fleet/spec/index.ts";
import type { SshConnection, SshTarget } from "../../../../fleet/ssh/index.ts";
import { waitOnline } from "../../await/agent-online.ts";
import { diffInputs, diffState, sameValue } from "../../diff.ts";
import type { FleetContext } from "../../fleet-context.ts";
import { InitFailed } from "../../rpc/errors.ts";
import type { Operation } from "../../rpc/operation.ts";
import { type Properties, reveal, UNKNOWN, type Value } from "../../rpc/values.ts";
import type { Known, Resource } from "../resource.ts";
import { runAsRoot } from "./board-shell.ts";
import { executeStep, type InstallJob, uninstall } from "./install.ts";
import { UNIT } from "./layout.ts";
import { planProvision, requireBoard, requireSpace, type WantedConfig } from "./plan.ts";
import { type BoardProbe, probeBoard } from "./probe.ts";

/** Outputs beside the inputs. Everything here may stand in a state file: there is no secret in it. */
export const DeviceState = z.object({
  model: z.string().meta({ description: "The device-tree's model string." }),
  jetpack: z.string().nullable().meta({ description: "JetPack version of the board." }),
  l4t: z.string().meta({ description: "L4T version of the board." }),
  machine: z.string().meta({ description: "What `uname -m` says." }),
  simulated: z.boolean().meta({ description: "True for a simulated board." }),
  hostKey: z
    .string()
    .meta({ description: "Fingerprint of the SSH host key, pinned or seen first." }),
  runtimeDigest: z.string().meta({ description: "Digest of the runtime that is installed." }),
  agent: z
    .string()
    .meta({ description: "State of the agent's unit: active, inactive, failed, missing …" }),
  enabled: z.boolean().meta({ description: "Whether the agent starts with the board." }),
  online: z.boolean().meta({ description: "Whether the agent is connected to the hub." }),
  fleet: z.string().meta({ description: "Fleet that the device belongs to." }),
  hubUrl: z.string().meta({ description: "Hub that the device was told to use." }),
  keyId: z.string().meta({ description: "Key whose desired documents the device obeys." }),
});
type DeviceState = z.infer<typeof DeviceState>;

const RULES = { replaceOn: ["name"], deleteBeforeReplace: true };

export const deviceResource: Resource = {
  type: "jetfleet:index:Device",
  rules: { schema: DeviceSpec, unsupported: UNSUPPORTED_DEVICE_KEYS, secrets: [] },
  timeoutsMs: { create: 600_000, update: 600_000, delete: 120_000, read: 60_000 },

  async facts(context, { state }) {
    const { l4t, machine } = state;
    if (typeof l4t !== "string" || typeof machine !== "string") return {};
    // Without a complete clone there is nothing to compare with; the update itself will say what is missing.
    const release = await context.runtimes.release({ l4t, machine }).catch(() => null);
    return release ? { runtimeDigest: release.digest } : {};
  },

  diff(context, known, news, facts) {
    const wanted = { ...wantedState(context), runtimeDigest: facts["runtimeDigest"] };
    const changes = [...diffInputs(known.inputs, news, RULES), ...diffState(known.state, wanted)];
    return { changes, deleteBeforeReplace: RULES.deleteBeforeReplace };
  },

  previewCreate(context, inputs) {
    const probed = ["model", "jetpack", "l4t", "machine", "simulated", "hostKey", "runtimeDigest"];
    const unknown = Object.fromEntries(probed.map((key) => [key, UNKNOWN]));
    const board = inputs["board"] ?? UNKNOWN;
    const state = { ...unknown, ...wantedState(context), ...inputs, board };
    return { id: typeof inputs["name"] === "string" ? inputs["name"] : "", state };
  },

  previewUpdate(context, known, news) {
    const moved = ["address", "port"].some((key) => !sameValue(known.inputs[key], news[key]));
    const before = moved ? deviceResource.previewCreate(context, news).state : known.state;
    const board = news["board"] ?? before["board"] ?? UNKNOWN;
    return { ...before, ...wantedState(context), ...news, board };
  },

  async create(context, operation, inputs) {
    const spec = DeviceSpec.parse(reveal(inputs));
    return { id: spec.name, state: await provision(context, operation, inputs, undefined) };
  },

  async update(context, operation, known, news) {
    return await provision(context, operation, news, known);
  },

  read: readDevice,

  async delete(context, operation, known) {
    const spec = DeviceSpec.parse(reveal(known.inputs));
    const target = targetOf(spec, known.state["hostKey"]);
    try {
      await context.ssh.use(target, { signal: operation.signal }, async (connection) => {
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

/** What the state must say when all is well; anything else is drift. */
function wantedState({ config, key }: FleetContext): Record<string, Value> {
  return {
    agent: "active",
    enabled: true,
    online: true,
    fleet: config.fleet,
    hubUrl: config.hubUrl,
    keyId: key.keyId,
  };
}

function targetOf(spec: DeviceSpec, seenHostKey: Value | undefined): SshTarget {
  const seen = typeof seenHostKey === "string" && seenHostKey !== "" ? seenHostKey : undefined;
  return {
    host: spec.address,
    port: spec.port,
    user: spec.ssh.user,
    privateKeyPath: spec.ssh.privateKeyPath,
    hostKey: spec.ssh.hostKey ?? seen,
  };
}

/** Brings a board to what the program wants, from whatever it is; throws InitFailed once anything was changed. */
async function provision(
  context: FleetContext,
  operation: Operation,
  inputs: Properties,
  known: Known | undefined,
): Promise<Properties> {
  const spec = DeviceSpec.parse(reveal(inputs));
  const { signal } = operation;
  const target = targetOf(spec, known?.state["hostKey"]);
  operation.status(`connecting to ${spec.address}:${spec.port}`);
  const onRetry = (error: Error) => operation.status(`${error.message}; trying again`);
  return await context.ssh.use(target, { signal, onRetry }, async (connection) => {
    const probe = await probeBoard(connection, signal);
    const address = `${spec.address}:${spec.port}`;
    requireBoard(probe, spec.board, address);
    operation.status(`${describeBoard(probe)}`);
    const info = await context.hubInfo(signal);
    const release = await context.runtimes.release({
      l4t: probe.l4t ?? "",
      machine: probe.machine,
    });
    return await context.withLink(signal, async (link) => {
      const before = await link.readRetained(spec.name, "presence");
      const wanted = wantedConfig(context, spec.name, probe.board, info.mqttUrl);
      const steps = planProvision(probe, release, wanted, before?.online ?? false);
      for (const step of steps) requireSpace(probe, release, step);
      const job: InstallJob = {
        connection,
        operation,
        release,
        wanted,
        setPassword: (password) => context.hub(signal).putDevice(spec.name, password),
      };
      const facts = {
        ...stateOf(context, probe, connection.hostKey),
        runtimeDigest: release.digest,
      };
      try {
        for (const step of steps) await executeStep(step, job);
        await awaitOnline(link, job, spec.name, before, steps.length > 0);
      } catch (error) {
        const state = { ...inputs, ...facts, board: probe.board, agent: "unknown", online: false };
        throw new InitFailed(
          spec.name,
          state,
          inputs,
          signal.aborted ? outcome(signal, error) : error,
        );
      }
      return { ...inputs, ...facts, ...wantedState(context), board: probe.board };
    });
  });
}

async function awaitOnline(
  link: FleetLink,
  job: InstallJob,
  device: string,
  before: Presence | null,
  restarted: boolean,
): Promise<void> {
  const log = () => agentLog(job.connection);
  await waitOnline({ operation: job.operation, link, device, before, restarted, log });
}

/** Last lines of the agent's journal. Asked for when time is up already, hence a signal of its own. */
async function agentLog(connection: SshConnection): Promise<string> {
  const script = `systemctl is-active ${UNIT} || true; journalctl -u ${UNIT} -n 8 --no-pager || true`;
  const signal = AbortSignal.timeout(5_000);
  const lines = await runAsRoot(connection, script, { label: "reading the agent's log", signal });
  return `state and log of the agent: ${lines.trim()}`;
}

function wantedConfig(
  context: FleetContext,
  device: string,
  board: string,
  mqttUrl: string,
): WantedConfig {
  const { fleet, hubUrl } = context.config;
  return { fleet, device, board, hubUrl, mqttUrl, fleetPublicKey: context.key.publicKeyPem };
}

function stateOf(
  context: FleetContext,
  probe: BoardProbe,
  hostKey: string,
): Omit<DeviceState, "online"> {
  const config = probe.agentConfig;
  return {
    model: probe.model,
    jetpack: probe.jetpack,
    l4t: probe.l4t ?? "",
    machine: probe.machine,
    simulated: probe.simulated,
    hostKey,
    runtimeDigest: probe.runtime?.runtimeDigest ?? "",
    agent: agentState(probe),
    enabled: probe.enabled,
    fleet: config?.fleet ?? "",
    hubUrl: config?.hubUrl ?? "",
    keyId: config?.fleetPublicKey === context.key.publicKeyPem ? context.key.keyId : "another key",
  };
}

function agentState(probe: BoardProbe): string {
  if (probe.unit === "missing" || probe.runtime === null || probe.agentConfig === null)
    return "missing";
  return probe.unit === "changed" ? "changed" : probe.active;
}

function describeBoard(probe: BoardProbe): string {
  const jetpack = probe.jetpack ? `JetPack ${probe.jetpack}` : `L4T ${probe.l4t}`;
  return `${probe.board}, ${jetpack}${probe.simulated ? " (simulated)" : ""}`;
}

async function readDevice(
  context: FleetContext,
  operation: Operation,
  known: Known,
): Promise<Known> {
  if (Object.keys(known.inputs).length === 0) throw importUnsupported();
  const spec = DeviceSpec.parse(reveal(known.inputs));
  const target = targetOf(spec, known.state["hostKey"]);
  const { signal } = operation;
  let seen: Properties;
  try {
    seen = await context.ssh.use(target, { signal, deadlineMs: 10_000 }, async (connection) => {
      const probe = await probeBoard(connection, signal);
      return { ...stateOf(context, probe, connection.hostKey), board: probe.board };
    });
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    operation.log("warning", `${spec.name} keeps its last known state: ${error.message}`);
    return known;
  }
  const online = await readOnline(context, operation, spec.name, seen["agent"] === "active");
  const state = { ...known.state, ...seen, ...(online !== null && { online }) };
  return { id: known.id, inputs: known.inputs, state };
}

/** Whether the hub has the agent online; null when the hub does not answer. */
async function readOnline(
  context: FleetContext,
  operation: Operation,
  device: string,
  active: boolean,
): Promise<boolean | null> {
  try {
    await context.hubInfo(operation.signal);
    return await context.withLink(operation.signal, async (link) => {
      const presence = await link.readRetained(device, "presence");
      return active && (presence?.online ?? false);
    });
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== "HUB_UNREACHABLE") throw error;
    operation.log("warning", `Whether ${device} is online is not known: ${error.message}`);
    return null;
  }
}

function isUnreachable(error: unknown): error is FleetError {
  return (
    error instanceof FleetError &&
    (error.code === "SSH_UNREACHABLE" || error.code === "SSH_TIMEOUT")
  );
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

function importUnsupported(): FleetError {
  return new FleetError(
    "SPEC_UNSUPPORTED",
    "Expected the inputs of the device but an import gives its id only",
    {
      hint: "Declare the device in the program and run `up`: an agent that is already installed is taken over.",
    },
  );
}

/** When time ran out in the middle of a step, the deadline is the reason and the step its circumstance. */
function outcome(signal: AbortSignal, error: unknown): unknown {
  if (!(signal.reason instanceof FleetError) || !(error instanceof FleetError)) return error;
  if (error === signal.reason || error.code === "AGENT_OFFLINE") return error;
  return new FleetError(signal.reason.code, `${signal.reason.message}: ${error.message}`);
}
