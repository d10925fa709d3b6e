import { compareVersions, findModule, newestJetpack } from "../boards/catalog/index.ts";
import { BOARDS, jetpackOfL4t } from "../boards/index.ts";
import { FleetError } from "../errors/index.ts";
import { canonicalJson } from "../release/index.ts";
import type { DeviceContainer, DeviceOwner, Labels, PackageFile } from "../spec/index.ts";
import { megabytes } from "../transfer/transfer-text.ts";
import { type ControlStep, type Controls, planControls } from "./controls.ts";
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
  | { step: "install-packages"; packages: string[]; files: PackageFile[] }
  | { step: "pull-image" | "try-image"; container: DeviceContainer }
  | { step: "push-runtime"; send: string[]; reuse: string[] }
  | { step: "write-credentials" }
  | { step: "write-unit" }
  | { step: "enable" }
  | ControlStep
  | { step: "restart" };

/** Room left over for the agent's state, logs and models. */
export const SPARE_BYTES = 64 * 2 ** 20;

/** What must be done so that the board runs this release with this configuration, in order; empty when it does. */
export function planProvision(
  probe: BoardProbe,
  release: RuntimeRelease,
  wanted: WantedConfig,
  seen: {
    online: boolean;
    identityGood: boolean;
    owner: DeviceOwner;
    controls?: Controls;
    container?: DeviceContainer | undefined;
  },
): Step[] {
  const steps: Step[] = [];
  const { container } = seen;
  if (container && probe.image === "absent") steps.push({ step: "pull-image", container });
  if (probe.runtime?.runtimeDigest !== release.digest) steps.push(pushStep(probe, release));
  // Before what runs is touched, and with what is to run in it. What is as it was has been tried.
  if (container && (steps.length > 0 || probe.unit !== "ours")) {
    steps.push({ step: "try-image", container });
  }
  // Why an agent is not online cannot be seen from here: its certificate may be revoked, so it gets a new one.
  if (!sameConfig(probe.agentConfig, wanted) || !seen.identityGood || !seen.online) {
    steps.push({ step: "write-credentials" });
  }
  if (probe.unit !== "ours") steps.push({ step: "write-unit" });
  if (!probe.enabled) steps.push({ step: "enable" });
  // Before the start: the agent tells of them, and makes engines for the power mode.
  steps.push(...planControls(probe, seen.controls ?? {}));
  // What an `up` that was cut off put in place may not be what the agent was started with.
  const isStarted = probe.active === "active" && !probe.unfinished;
  if (steps.length > 0 || !isStarted) steps.push({ step: "restart" });
  // Whose the board is, is nothing to the agent. First, so that what follows is never nobody's.
  const isOwned = canonicalJson(probe.owner) === canonicalJson(seen.owner);
  return isOwned ? steps : [{ step: "write-owner" }, ...steps];
}

/** The same with packages installed before anything else that changes the board; `files` are carried there for it. */
export function withPackages(
  steps: readonly Step[],
  packages: readonly string[],
  files: readonly PackageFile[] = [],
): Step[] {
  if (packages.length === 0) return [...steps];
  const owner = steps.filter(({ step }) => step === "write-owner");
  const rest = steps.filter(({ step }) => step !== "write-owner");
  const install = { packages: [...packages], files: [...files] };
  return [...owner, { step: "install-packages", ...install }, ...rest];
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

/**
 * What is sent to boards asks for glibc 2.27 and GStreamer 1.14, as L4T 32 has them (JetPack 4.2, Ubuntu 18.04); L4T 28 has
 * 2.23 and 1.8.
 */
const OLDEST_L4T = "32.1";
const NOT_PROVISIONED = `This version installs its agent on Jetson modules under L4T ${OLDEST_L4T} or later, and on PCs with an NVIDIA card.`;

export const NO_DRIVER =
  "Install it (`ubuntu-drivers install --gpgpu` on Ubuntu, the package nvidia-driver on Debian), boot, and see that " +
  "`nvidia-smi` lists the card; then run `up` again.";

/** Throws unless the board is known, has software that is new enough, and is the one that the program declares. */
export function requireBoard(
  probe: BoardProbe,
  declared: string | undefined,
  address: string,
): void {
  const [slot] = probe.slots;
  if (probe.board === "unknown" && probe.l4t === null && slot !== undefined) {
    throw new FleetError(
      "BOARD_LACKS",
      `Expected the driver of the NVIDIA card in ${address} (${slot}) to be loaded but there is none. Nothing was changed`,
      { hint: NO_DRIVER },
    );
  }
  if (probe.board === "unknown" || (probe.l4t === null && probe.board !== "x86")) {
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
  requireJetpack(probe, address);
}

/** Throws BOARD_JETPACK, with the newest release for the module, when the board's is too old. */
function requireJetpack(probe: BoardProbe, address: string): void {
  const { board, l4t, jetpack } = probe;
  if (board === "unknown" || l4t === null || compareVersions(l4t, OLDEST_L4T) >= 0) return;
  const module = findModule(probe.module ?? BOARDS[board].module);
  const newest = module && newestJetpack(module);
  const title = probe.moduleTitle ?? BOARDS[board].title;
  throw new FleetError(
    "BOARD_JETPACK",
    `Expected JetPack ${jetpackOfL4t(OLDEST_L4T)} or later on the ${title} at ${address} but got ` +
      `${jetpack === null ? "" : `JetPack ${jetpack}, `}L4T ${l4t}; the newest for it is JetPack ${newest ?? "not known"}`,
  );
}

function moduleNote({ moduleTitle }: BoardProbe): string {
  return moduleTitle === null ? "" : `, module ${moduleTitle}`;
}

/** What of a release travels, for people. */
export function describePush(release: RuntimeRelease, steps: readonly Step[]): string {
  const push = steps.find((one) => one.step === "push-runtime");
  if (!push) return "all of it is there";
  const sent = release.files.filter(({ name }) => push.send.includes(name));
  const bytes = sent.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return `${sent.length} of ${release.files.length} files are to be sent, ${megabytes(bytes)}`;
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
