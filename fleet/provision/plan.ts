import { FleetError } from "../errors/index.ts";
import { canonicalJson } from "../release/index.ts";
import type { DeviceOwner, Labels } from "../spec/index.ts";
import { megabytes } from "../transfer/transfer-text.ts";
import { POWER_MODES_FILE } from "./layout.ts";
import type { BoardProbe } from "./probe.ts";
import type { RuntimeRelease } from "./runtime/index.ts";

/** What the agent's configuration must say. There is no secret in it. */
export interface WantedConfig {
  fleet: string;
  device: string;
  board: string;
  hubUrl: string;
  mqttUrl: string;
  fleetPublicKey: string;
  labels: Labels;
  engineQuotaBytes: number;
}

export type Step =
  | { step: "write-owner" }
  | { step: "push-runtime"; send: string[]; reuse: string[] }
  | { step: "write-credentials" }
  | { step: "write-unit" }
  | { step: "enable" }
  | { step: "power-mode"; name: string }
  | { step: "restore-power-mode" }
  | { step: "restart" };

/** Room left over for the agent's state, logs and models. */
const SPARE_BYTES = 64 * 2 ** 20;

/** What must be done so that the board runs this release with this configuration, in order; empty when it does. */
export function planProvision(
  probe: BoardProbe,
  release: RuntimeRelease,
  wanted: WantedConfig,
  seen: {
    online: boolean;
    identityGood: boolean;
    owner: DeviceOwner;
    /** What the program asks for; it says nothing of it when absent. */
    powerMode?: string | undefined;
  },
): Step[] {
  const steps: Step[] = [];
  if (probe.runtime?.runtimeDigest !== release.digest) steps.push(pushStep(probe, release));
  // Why an agent is not online cannot be seen from here: its certificate may be revoked, so it gets a new one.
  if (!sameConfig(probe.agentConfig, wanted) || !seen.identityGood || !seen.online) {
    steps.push({ step: "write-credentials" });
  }
  if (probe.unit !== "ours") steps.push({ step: "write-unit" });
  if (!probe.enabled) steps.push({ step: "enable" });
  // Before the start: the agent tells of the mode, and makes engines for it.
  if (seen.powerMode === undefined) {
    if (probe.formerPowerMode !== null) steps.push({ step: "restore-power-mode" });
  } else if (probe.powerMode !== seen.powerMode) {
    steps.push({ step: "power-mode", name: seen.powerMode });
  }
  // What an `up` that was cut off put in place may not be what the agent was started with.
  const isStarted = probe.active === "active" && !probe.unfinished;
  if (steps.length > 0 || !isStarted) steps.push({ step: "restart" });
  // Whose the board is, is nothing to the agent. First, so that what follows is never nobody's.
  const isOwned = canonicalJson(probe.owner) === canonicalJson(seen.owner);
  return isOwned ? steps : [{ step: "write-owner" }, ...steps];
}

function pushStep(probe: BoardProbe, release: RuntimeRelease): Step {
  const installed = probe.runtime?.files ?? {};
  const reuse = release.files.filter(({ name, digest }) => installed[name] === digest);
  const send = release.files.filter((file) => !reuse.includes(file));
  return {
    step: "push-runtime",
    send: send.map(({ name }) => name),
    reuse: reuse.map(({ name }) => name),
  };
}

function sameConfig(installed: WantedConfig | null, wanted: WantedConfig): boolean {
  return (
    installed !== null &&
    (Object.keys(wanted) as (keyof WantedConfig)[]).every(
      (key) => canonicalJson(installed[key]) === canonicalJson(wanted[key]),
    )
  );
}

const NOT_PROVISIONED =
  "This version installs its agent on modules of the Jetson TX2 and AGX Xavier families, under L4T.";

/** Throws unless the board is known and is the one that the program declares. */
export function requireBoard(
  probe: BoardProbe,
  declared: string | undefined,
  address: string,
): void {
  if (probe.board === "unknown" || probe.l4t === null) {
    throw new FleetError(
      "BOARD_UNKNOWN",
      `Expected an NVIDIA Jetson that this version knows at ${address} but got model ` +
        `"${probe.model}"${moduleNote(probe)}, L4T ${probe.l4t ?? "none"}, machine ${probe.machine}`,
      probe.moduleTitle === null ? {} : { hint: NOT_PROVISIONED },
    );
  }
  if (declared !== undefined && declared !== probe.board) {
    throw new FleetError(
      "BOARD_MISMATCH",
      `Expected board ${declared} at ${address} but it is ${probe.board} (model "${probe.model}"${moduleNote(probe)})`,
    );
  }
}

/** Throws unless the board lists the power mode that is asked for. */
export function requirePowerMode(
  { powerModes }: BoardProbe,
  wanted: string | undefined,
  address: string,
): void {
  if (wanted === undefined || powerModes?.includes(wanted)) return;
  throw new FleetError(
    "BOARD_POWER_MODE",
    powerModes === null
      ? `Expected power mode ${wanted} but the board at ${address} has no ${POWER_MODES_FILE}`
      : `Expected one of ${powerModes.join(", ")}, the power modes of the board at ${address}, but got ${wanted}`,
  );
}

function moduleNote({ moduleTitle }: BoardProbe): string {
  return moduleTitle === null ? "" : `, module ${moduleTitle}`;
}

export function requireSpace(probe: BoardProbe, release: RuntimeRelease, step: Step): void {
  if (step.step !== "push-runtime") return;
  const neededBytes =
    SPARE_BYTES +
    release.files
      .filter(({ name }) => step.send.includes(name))
      .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (probe.freeBytes >= neededBytes) return;
  throw new FleetError(
    "BOARD_DISK_FULL",
    `Expected ${megabytes(neededBytes)} free on the board for the runtime but got ${megabytes(probe.freeBytes)}`,
  );
}
