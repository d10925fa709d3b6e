import { z } from "zod";
import { CONTROLS } from "../../../../fleet/provision/controls.ts";
import type { BoardProbe } from "../../../../fleet/provision/probe.ts";
import {
  Clocks,
  DeviceOwner,
  DeviceSpec,
  Labels,
  type SshSpec,
} from "../../../../fleet/spec/index.ts";
import { type SshTarget, withSshConfig } from "../../../../fleet/ssh/index.ts";
import type { FleetContext } from "../../fleet-context.ts";
import { type Properties, reveal, type Value } from "../../rpc/values.ts";
import { DeviceFacts } from "./facts.ts";

/** A board that the device was on before. */
export const FormerBoard = z
  .object({
    address: z.string().meta({ description: "Where it was reached." }),
    port: z.int().meta({ description: "Of its SSH server." }),
    hostKey: z.string().min(1).meta({ description: "Fingerprint of its SSH host key." }),
  })
  .meta({ title: "FormerBoard", description: "A board that the device was on before." });
export type FormerBoard = z.infer<typeof FormerBoard>;

/** Outputs beside the inputs. Everything here may stand in a state file: there is no secret in it. */
export const DeviceState = z.object({
  module: z
    .string()
    .nullable()
    .meta({ description: "Module that the board carries; null when only its family is certain." }),
  model: z.string().meta({ description: "The device-tree's model string." }),
  jetpack: z.string().nullable().meta({ description: "JetPack version of the board." }),
  tensorrt: z
    .string()
    .nullable()
    .meta({ description: "TensorRT version that is installed; null when none is." }),
  driver: z
    .string()
    .nullable()
    .meta({ description: "Version of the driver of a PC's card; null of other boards." }),
  cuda: z
    .string()
    .nullable()
    .meta({ description: "The newest CUDA that the driver of a PC's card runs; null of others." }),
  tensorrtRtx: z
    .string()
    .nullable()
    .meta({ description: "TensorRT-RTX version that a PC has; null when it has none." }),
  libraryFaults: z
    .array(z.string())
    .nullable()
    .meta({
      description:
        "What of its JetPack's TensorRT and cuDNN is not installed or of another release; " +
        "empty when all is as it should be, null when it cannot be told.",
    }),
  l4t: z.string().meta({ description: "L4T version of the board." }),
  powerMode: z
    .string()
    .nullable()
    .meta({ description: "nvpmodel mode that the board was in when it was looked at last." }),
  clocks: Clocks.nullable().meta({
    description:
      "Whether clocks stood at the top of the power mode or followed the load; null when the board does not tell.",
  }),
  fanProfile: z
    .string()
    .nullable()
    .meta({ description: "Profile that the fan followed; null when there is none." }),
  machine: z.string().meta({ description: "What `uname -m` says." }),
  simulated: z.boolean().meta({ description: "True for a simulated board." }),
  hostKey: z
    .string()
    .meta({ description: "Fingerprint of the SSH host key, pinned or seen first." }),
  runtimeDigest: z.string().meta({ description: "Digest of the runtime that is installed." }),
  runtime: z
    .string()
    .optional()
    .meta({ description: "Version of the runtime, of this clone when all is well." }),
  agent: z
    .string()
    .meta({ description: "State of the agent's unit: active, inactive, failed, missing …" }),
  enabled: z.boolean().meta({ description: "Whether the agent starts with the board." }),
  online: z.boolean().meta({ description: "Whether the agent is connected to the hub." }),
  fleet: z.string().meta({ description: "Fleet that the device belongs to." }),
  hubUrl: z.string().meta({ description: "Hub that the device was told to use." }),
  labels: Labels.optional().meta({ description: "What the device is addressed by." }),
  owner: DeviceOwner.optional().meta({
    description:
      "Whose the device is: this resource; absent until a version with owners provisions it.",
  }),
  takenOverBy: z
    .string()
    .optional()
    .meta({ description: "Whose the board is by now, when that is another resource." }),
  imported: z.boolean().optional().meta({
    description: "True from an import of another program's board until the next update claims it.",
  }),
  formerBoards: z.array(FormerBoard).optional().meta({
    description:
      "Boards that the device was on before and that have its agent still; any `up` tries to remove it.",
  }),
  keyId: z.string().meta({ description: "Key whose desired documents the device obeys." }),
  facts: DeviceFacts.optional().meta({ description: "What a Pipeline takes as its device." }),
});
export type DeviceState = z.infer<typeof DeviceState>;

/** One whose board is reached from here. */
const ReachedDevice = z.object({
  ...DeviceSpec.shape,
  address: DeviceSpec.shape.address.unwrap(),
  ssh: DeviceSpec.shape.ssh.unwrap(),
});
export type ReachedDevice = z.infer<typeof ReachedDevice>;

/** The device as the program declares it, without what check adds to the inputs. */
export function specOf(inputs: Properties): ReachedDevice {
  return ReachedDevice.parse(reveal(inputs));
}

/** Outputs that must be so when all is well; anything else is drift. */
export const GOALS = ["agent", "enabled", "online", "runtime", "fleet", "hubUrl", "keyId"] as const;

/** Outputs that only the board knows. */
export const PROBED = [
  "model",
  "module",
  "jetpack",
  "tensorrt",
  ...(["driver", "cuda", "tensorrtRtx"] as const),
  "libraryFaults",
  "l4t",
  ...CONTROLS,
  "machine",
  "simulated",
  "hostKey",
  "runtimeDigest",
  "owner",
] as const;

export async function goalsOf({ config, root, runtimes }: FleetContext): Promise<Properties> {
  const runtime = await runtimes.label();
  return {
    agent: "active",
    enabled: true,
    online: true,
    // Without a complete clone nothing can be said of it; an update that needs it will tell what is missing.
    ...(runtime !== null && { runtime }),
    fleet: config.fleet,
    hubUrl: config.hubUrl,
    keyId: root.keyId,
  };
}

/** How the board is reached; `seenHostKey` is the key that was seen first. Throws SPEC_UNSUPPORTED. */
export async function targetOf(
  spec: ReachedDevice,
  seenHostKey: Value | undefined,
): Promise<SshTarget> {
  const { address, port, ssh } = spec;
  const seen = typeof seenHostKey === "string" && seenHostKey !== "" ? seenHostKey : undefined;
  const target: SshTarget = {
    ...loginOf({ address, port, ...ssh }),
    hostKey: ssh.hostKey ?? seen,
    ...(ssh.sudoPassword !== undefined && { sudoPassword: ssh.sudoPassword }),
    ...(ssh.jumpHosts && { jumpHosts: ssh.jumpHosts.map(loginOf) }),
  };
  return ssh.config === undefined ? target : await withSshConfig(target, ssh.config);
}

type Host = Omit<SshSpec, "sudoPassword" | "jumpHosts" | "config"> & {
  address: string;
  port: number;
};

function loginOf({ address, port, ...login }: Host): SshTarget {
  const { user, privateKeyPath, certificatePath, passphrase, password, hostKey, knownHosts } =
    login;
  const agent = login.agent ?? (privateKeyPath === undefined && password === undefined);
  const socket = process.env["SSH_AUTH_SOCK"];
  return {
    ...{ host: address, port, user, privateKeyPath, certificatePath },
    ...{ passphrase, password, hostKey },
    ...(agent && socket && { agentSocket: socket }),
    ...(knownHosts !== undefined && { knownHostsPaths: [knownHosts] }),
  };
}

export function stateOf(
  context: FleetContext,
  probe: BoardProbe,
  hostKey: string,
): Omit<
  DeviceState,
  "online" | "runtime" | "labels" | "owner" | "takenOverBy" | "imported" | "formerBoards" | "facts"
> & {
  labels: Record<string, string>;
} {
  const config = probe.agentConfig;
  return {
    model: probe.model,
    module: probe.module,
    jetpack: probe.jetpack,
    tensorrt: probe.tensorrt,
    driver: probe.driver,
    cuda: probe.cuda,
    tensorrtRtx: probe.tensorrtRtx,
    libraryFaults: probe.libraryFaults,
    l4t: probe.l4t ?? "",
    powerMode: probe.powerMode,
    clocks: probe.clocks,
    fanProfile: probe.fanProfile,
    machine: probe.machine,
    simulated: probe.simulated,
    hostKey,
    runtimeDigest: probe.runtime?.runtimeDigest ?? "",
    agent: agentState(probe),
    enabled: probe.enabled,
    fleet: config?.fleet ?? "",
    hubUrl: config?.hubUrl ?? "",
    labels: { ...config?.labels },
    keyId:
      config?.fleetPublicKey === context.root.publicKeyPem ? context.root.keyId : "another key",
  };
}

function agentState(probe: BoardProbe): string {
  if (probe.unit === "missing" || probe.runtime === null || probe.agentConfig === null)
    return "missing";
  // It goes on until it is started the next time, which then cannot be.
  return probe.unit === "changed" || probe.image === "absent" ? "changed" : probe.active;
}
