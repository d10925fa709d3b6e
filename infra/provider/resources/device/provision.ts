import type { Presence } from "../../../../fleet/contract/index.ts";
import { FleetError, isFleetError } from "../../../../fleet/errors/index.ts";
import type { FleetLink } from "../../../../fleet/hub/client/index.ts";
import { runAsRoot } from "../../../../fleet/provision/board-shell.ts";
import { requirePackageFiles } from "../../../../fleet/provision/carry-packages.ts";
import { requireContainer } from "../../../../fleet/provision/container-facts.ts";
import { CONTROLS, isControlStep, requireControls } from "../../../../fleet/provision/controls.ts";
import { executeStep, type InstallJob } from "../../../../fleet/provision/install.ts";
import {
  isIdentityGood,
  type WantedIdentity,
} from "../../../../fleet/provision/installed-identity.ts";
import { REVERTED, UNIT } from "../../../../fleet/provision/layout.ts";
import {
  describePush,
  planProvision,
  requireBoard,
  requireSpace,
  type Step,
  type WantedConfig,
  withPackages,
} from "../../../../fleet/provision/plan.ts";
import {
  packagesOf,
  preflight,
  requireNothingFatal,
} from "../../../../fleet/provision/preflight.ts";
import {
  type BoardProbe,
  ENGINE_QUOTA_BYTES,
  probeBoard,
  readControls,
  warnOfModule,
} from "../../../../fleet/provision/probe.ts";
import { describeRuntime } from "../../../../fleet/provision/runtime/index.ts";
import {
  type DeviceOwner,
  type DeviceSpec,
  opensNext,
  ownerText,
} from "../../../../fleet/spec/index.ts";
import type { SshSession } from "../../../../fleet/ssh/index.ts";
import { waitOnline } from "../../await/agent-online.ts";
import type { FleetContext } from "../../fleet-context.ts";
import { InitFailed } from "../../rpc/errors.ts";
import type { Operation } from "../../rpc/operation.ts";
import type { Properties } from "../../rpc/values.ts";
import type { Known } from "../resource.ts";
import { formerBoards, mayBeFormers } from "./former-boards.ts";
import { hubRoad } from "./hub-road.ts";
import { ownerFor, requireOwnBoard } from "./ownership.ts";
import { specOf, stateOf, targetOf } from "./state.ts";

/** Brings a board to what the program wants, from whatever it is; throws InitFailed once anything was changed. */
export async function provision(
  context: FleetContext,
  operation: Operation,
  inputs: Properties,
  known: Known | undefined,
): Promise<Properties> {
  const spec = specOf(inputs);
  const { signal } = operation;
  const target = await targetOf(spec, known?.state["hostKey"]);
  operation.status(`connecting to ${spec.address}:${spec.port}`);
  const onRetry = (error: Error) => operation.retrying(error.message);
  // A board that is not there is told as such, and not as the end of all time there is.
  const deadlineMs = Math.min(30_000, operation.timeoutMs / 2);
  return await context.ssh.use(target, { signal, onRetry, deadlineMs }, async (connection) => {
    const probe = await probeBoard(connection, signal, spec.container ?? null);
    const address = `${spec.address}:${spec.port}`;
    requireBoard(probe, spec.board, address);
    requireControls(probe, spec, address);
    requireContainer(probe, spec.container, address);
    operation.status(`${describeBoard(probe)}`);
    warnOfModule(probe, operation);
    const owner = ownerFor(operation.urn, known?.state);
    const isImported = known?.state["imported"] === true;
    const claim = { owner, takeOver: isImported || (spec.takeOver ?? false) };
    const { fleet } = context.config;
    requireOwnBoard(probe, {
      ...claim,
      ...{ fleet, device: spec.name, address, isKnown: known !== undefined },
    });
    const former = formerBoards(known, inputs, connection.hostKey);
    if (known !== undefined && former.length === 0 && isBare(probe))
      operation.log("warning", flashedAnew(spec, known, probe));
    const info = await context.hubInfo(signal);
    const runtime = { l4t: probe.l4t ?? "", machine: probe.machine };
    const release = await context.runtimes.release(runtime);
    return await context.withLink(signal, async (link) => {
      tellFormer(await context.hub(signal).claimDevice(spec.name, claim), owner, operation);
      const before = await link.readRetained(spec.name, "presence");
      const isFormers = known !== undefined && mayBeFormers(known, inputs, former);
      const isOnline = !isFormers && (before?.online ?? false);
      const wanted = wantedConfig(context, spec, probe.board, info.mqttUrl);
      const identity: WantedIdentity = {
        peer: { kind: "device", fleet: wanted.fleet, name: spec.name },
        caPem: context.hub(signal).caPem,
      };
      const planned = planProvision(probe, release, wanted, {
        online: isOnline,
        identityGood: isIdentityGood(probe.identity, identity, Date.now()),
        owner,
        controls: spec,
        container: spec.container,
      });
      const packages =
        planned.length > 0 ? await lookFirst(connection, probe, spec, operation) : [];
      const steps = withPackages(planned, packages, spec.packageFiles);
      operation.status(`${describeRuntime(runtime)}: ${describePush(release, steps)}`);
      const later = known && putOff(spec, steps, probe.active === "active" && isOnline);
      if (known && later) {
        operation.log("warning", later);
        return { ...known.state, agent: "put off" };
      }
      for (const step of steps) requireSpace(probe, release, step);
      const job: InstallJob = {
        connection,
        operation,
        release,
        wanted,
        container: spec.container,
        owner,
        ownerSeen: claim.takeOver || probe.owner === "unreadable" ? "any" : probe.owner,
        road: hubRoad(context, operation, spec.name),
        certify: (request) => context.hub(signal).certifyDevice(spec.name, request),
      };
      const facts = {
        ...stateOf(context, probe, connection.hostKey),
        owner,
        runtimeDigest: release.digest,
        ...(former.length > 0 && { formerBoards: former }),
      };
      try {
        for (const step of steps) await executeStep(step, job);
        const restarted = steps.some(({ step }) => step === "restart");
        await awaitOnline(link, { connection, operation }, spec.name, before, restarted);
        if (restarted) await requireNotReverted(connection, spec.name, signal);
      } catch (error) {
        // Before anything else was changed.
        if (isFleetError(error, "DEVICE_OWNED")) throw error;
        const state = { ...inputs, ...facts, board: probe.board, agent: "unknown", online: false };
        throw new InitFailed(
          spec.name,
          state,
          inputs,
          signal.aborted ? outcome(signal, error) : error,
        );
      }
      return {
        ...facts,
        online: true,
        ...inputs,
        board: probe.board,
        ...(await controlsNow(connection, steps, probe, signal)),
        labels: { ...wanted.labels },
      };
    });
  });
}

/** As the board tells, once it was told to be otherwise. */
async function controlsNow(
  connection: SshSession,
  steps: readonly Step[],
  probe: BoardProbe,
  signal: AbortSignal,
): Promise<Properties> {
  const now = steps.some(isControlStep) ? await readControls(connection, signal) : probe;
  return Object.fromEntries(CONTROLS.map((key) => [key, now[key]]));
}

/** What a rename in the program and a takeover have in common: somebody had it before. */
function tellFormer(before: DeviceOwner | null, owner: DeviceOwner, { urn, log }: Operation): void {
  if (before === null || before.id === owner.id) return;
  log("warning", `${urn.split("::").at(-1)} is taken over from ${ownerText(before)}`);
}

/** What is said of a device that runs and may not be disturbed now; null for one that may. */
function putOff(
  { name, maintenanceWindow }: DeviceSpec,
  steps: readonly Step[],
  isServing: boolean,
): string | null {
  const disturbs = steps.some(({ step }) => step === "restart");
  const opens = maintenanceWindow && opensNext(maintenanceWindow, Date.now());
  if (!opens || !isServing || !disturbs) return null;
  return `${name} stays as it is until its maintenance window opens, ${opens}; an \`up\` in it makes the change`;
}

async function awaitOnline(
  link: FleetLink,
  { connection, operation }: { connection: SshSession; operation: Operation },
  device: string,
  before: Presence | null,
  restarted: boolean,
): Promise<void> {
  await waitOnline({
    operation,
    link,
    device,
    before,
    restarted,
    countRestarts: () => countRestarts(connection, operation.signal),
    log: () => agentLog(connection),
  });
}

/** What is online may be the former agent, which came back as the new one did not reach the hub. */
async function requireNotReverted(
  connection: SshSession,
  device: string,
  signal: AbortSignal,
): Promise<void> {
  const label = "looking which agent runs";
  const script = `cat ${REVERTED} 2>/dev/null || true`;
  const spent = (await runAsRoot(connection, script, { label, signal })).trim();
  if (spent === "") return;
  throw new FleetError(
    "AGENT_REVERTED",
    `Expected the new agent of ${device} to reach the hub but it did not in ${spent} s: the former one came back, with all that it had`,
  );
}

async function countRestarts(connection: SshSession, signal: AbortSignal): Promise<number> {
  const label = "looking at the agent's unit";
  const answer = await runAsRoot(connection, `systemctl show -p NRestarts ${UNIT}`, {
    label,
    signal,
  });
  return Number(answer.trim().replace("NRestarts=", "")) || 0;
}

/** Last lines of the agent's journal. Asked for when time is up already, hence a signal of its own. */
async function agentLog(connection: SshSession): Promise<string> {
  const script = `systemctl is-active ${UNIT} || true; journalctl -u ${UNIT} -n 8 --no-pager || true`;
  const signal = AbortSignal.timeout(5_000);
  const lines = await runAsRoot(connection, script, { label: "reading the agent's log", signal });
  return `state and log of the agent: ${lines.trim()}`;
}

function wantedConfig(
  context: FleetContext,
  { name, labels = {}, engineQuotaMib }: DeviceSpec,
  board: string,
  mqttUrl: string,
): WantedConfig {
  const { fleet, hubUrl } = context.config;
  const fleetPublicKey = context.root.publicKeyPem;
  const engineQuotaBytes =
    engineQuotaMib === undefined ? ENGINE_QUOTA_BYTES : engineQuotaMib * 2 ** 20;
  const hub = { hubUrl, mqttUrl, fleetPublicKey };
  return { fleet, device: name, board, ...hub, labels, engineQuotaBytes };
}

function describeBoard(probe: BoardProbe): string {
  const l4t = probe.l4t === null ? "no L4T" : `L4T ${probe.l4t}`;
  const driver = `driver ${probe.driver ?? "of an unknown version"}, CUDA ${probe.cuda ?? "unknown"}`;
  const jetpack = probe.board === "x86" ? driver : probe.jetpack ? `JetPack ${probe.jetpack}` : l4t;
  const relative = probe.module !== null && probe.module !== probe.board;
  const board = relative ? `${probe.board} (${probe.moduleTitle})` : probe.board;
  return `${board}, ${jetpack}${probe.simulated ? " (simulated)" : ""}`;
}

/** Nothing of ours is there, not even whose the board is: no `up` that was cut off leaves that. */
function isBare({ runtime, agentConfig, owner, identity }: BoardProbe): boolean {
  return runtime === null && agentConfig === null && owner === null && identity === null;
}

function flashedAnew({ name }: DeviceSpec, { state }: Known, probe: BoardProbe): string {
  const before = typeof state["jetpack"] === "string" ? state["jetpack"] : null;
  const release =
    before !== null && before !== probe.jetpack
      ? ` (JetPack ${before} before, ${probe.jetpack ?? "an unknown one"} now)`
      : "";
  return (
    `The board of ${name} has nothing of jetfleet any more: it was flashed anew${release}, or another is in its place. ` +
    `It is provisioned again as ${name}, with a new certificate; its models, engines and journal begin anew`
  );
}

/** When time ran out in the middle of a step, the deadline is the reason and the step its circumstance. */
function outcome(signal: AbortSignal, error: unknown): unknown {
  if (!(signal.reason instanceof FleetError) || !(error instanceof FleetError)) return error;
  if (error === signal.reason || error.code === "AGENT_OFFLINE") return error;
  return new FleetError(signal.reason.code, `${signal.reason.message}: ${error.message}`);
}

/** Says what the board lacks before anything is changed, and throws when it must not be; resolves to what is to be installed. */
async function lookFirst(
  connection: SshSession,
  probe: BoardProbe,
  spec: DeviceSpec,
  operation: Operation,
): Promise<string[]> {
  const inContainer = spec.container !== undefined;
  const findings = await preflight(connection, { ...probe, inContainer }, operation.signal);
  const isInstalled = spec.packages === "install";
  requireNothingFatal(
    findings.filter(({ packages }) => !isInstalled || packages.length === 0),
    `${spec.address}:${spec.port}`,
  );
  for (const { says, packages } of findings) {
    const remedy =
      packages.length === 0
        ? ""
        : isInstalled
          ? ", and installed now"
          : ` (${packages.join(", ")})`;
    operation.log("warning", `The board of ${spec.name}: ${says}${remedy}`);
  }
  const packages = isInstalled ? packagesOf(findings) : [];
  if (packages.length > 0) await requirePackageFiles(spec.packageFiles ?? []);
  return packages;
}
