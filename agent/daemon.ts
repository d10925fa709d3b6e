import { type BoardFacts, CONTRACT_VERSION, type Reported } from "../fleet/contract/index.ts";
import { FleetError } from "../fleet/errors/index.ts";
import { readBoardFacts } from "./board/facts.ts";
import { BoardSampler } from "./board/sampler.ts";
import { type AgentConfig, nativePaths } from "./config.ts";
import { DesiredInbox } from "./reconcile/desired-inbox.ts";
import { Fetcher } from "./reconcile/fetcher.ts";
import { Reconciler } from "./reconcile/reconciler.ts";
import { EventJournal } from "./report/event-journal.ts";
import { HubLink } from "./report/hub-link.ts";
import type { Log } from "./report/log.ts";
import { createBootId, PresenceCounter } from "./report/presence.ts";
import { Reporter } from "./report/reporter.ts";
import { StatsTicker } from "./report/stats-ticker.ts";
import { Supervisor } from "./supervise/supervisor.ts";
import { StateStore } from "./update/device-state.ts";
import { ObjectStore } from "./update/object-store.ts";
import { AGENT_VERSION } from "./version.ts";

const STALL_MS = 15_000;
const FETCH_BACKOFF = { baseMs: 500, capMs: 60_000 };
const RESTART_BACKOFF = { baseMs: 1000, capMs: 60_000 };
const FIRST_FRAME_MS = 20_000;
const GRACE_MS = 5000;

export interface Daemon {
  /** Stops the pipelines, says goodbye to the hub and leaves everything on disk as it is. */
  stop(): Promise<void>;
}

/** Wires the parts of the agent together and starts what the disk says, before and without any network. */
export async function startDaemon(
  config: AgentConfig,
  bundlePath: string,
  log: Log,
): Promise<Daemon> {
  const store = new StateStore(config.stateDir);
  const { damaged } = await store.open();
  if (damaged) log.warn("state.json cannot be read; beginning without it");
  const objects = new ObjectStore(config.stateDir);
  await objects.open();
  const journal = new EventJournal(config.stateDir);
  await journal.open();
  const bootId = createBootId();
  const presence = new PresenceCounter(config.stateDir, bootId);
  await presence.open();
  const board = await readBoardFacts();
  const sampler = new BoardSampler(config.stateDir);

  const link = new HubLink({
    config,
    presence,
    log,
    onDesired: (message) => inbox.receive(message),
    onConnected: () => reporter.connected(),
  });
  const reporter = new Reporter({
    link,
    journal,
    log,
    reported: () => ({ ...identityOf(config, bootId, board), ...progressOf() }),
  });
  const supervisor = new Supervisor({
    bundlePath,
    native: nativePaths(config, bundlePath),
    threads: config.threads,
    objectPath: (digest) => objects.pathOf(digest),
    log,
    restartBackoff: RESTART_BACKOFF,
    firstFrameMs: FIRST_FRAME_MS,
    graceMs: GRACE_MS,
    onChange: () => reporter.changed(),
    onFrames: (pipeline, model, frames) => reporter.detections(pipeline, model, frames),
    onNotice: (pipeline, kind, message) => reporter.event({ kind, pipeline, message }),
  });
  const fetcher = new Fetcher({
    objects,
    config,
    stallMs: STALL_MS,
    backoff: FETCH_BACKOFF,
    log,
    onProgress: () => reporter.changed(true),
  });
  const reconciler = new Reconciler({
    store,
    objects,
    supervisor,
    fetcher,
    log,
    onChange: () => reporter.changed(),
    onEvent: (event) => reporter.event(event),
  });
  const inbox = new DesiredInbox({
    identity: {
      fleet: config.fleet,
      device: config.device,
      publicKeyPem: config.fleetPublicKey,
      board: board.board === "unknown" ? config.board : board.board,
    },
    store,
    reconciler,
    log,
    onChange: () => reporter.changed(),
    onEvent: (event) => reporter.event(event),
  });

  function progressOf(): Pick<
    Reported,
    "generation" | "update" | "setDigest" | "pipelines" | "error"
  > {
    const { generation, update, setDigest } = store.current;
    const progress = fetcher.progress;
    const bytes = progress && {
      fetchedBytes: progress.fetchedBytes,
      totalBytes: progress.totalBytes,
    };
    return {
      generation,
      update: { state: update.state, sinceMs: update.sinceMs, ...bytes },
      setDigest,
      pipelines: supervisor.report(),
      error:
        inbox.refusal ??
        reconciler.fault ??
        progress?.error ??
        ("error" in update ? update.error : null),
    };
  }

  reporter.event({ kind: "agent-started", message: `Agent ${AGENT_VERSION} started` });
  const whole = await startActive(store, objects, supervisor, log);
  await inbox.open(whole);
  sampler.start();
  link.start();
  const ticker = new StatsTicker({ link, sampler, supervisor });
  ticker.start();
  log.info("agent runs", { version: AGENT_VERSION, device: config.device, bootId });

  return {
    async stop() {
      ticker.stop();
      sampler.stop();
      await reconciler.stop();
      await supervisor.stopAll();
      await reporter.flush();
      await link.stop();
    },
  };
}

/** Starts the pipelines that were active; false when an object of one is missing or spoilt. */
async function startActive(
  store: StateStore,
  objects: ObjectStore,
  supervisor: Supervisor,
  log: Log,
): Promise<boolean> {
  let whole = true;
  for (const version of store.current.active) {
    if (await objects.verify(version.model.digest)) {
      supervisor.start(version);
    } else {
      whole = false;
      const { name } = version.spec;
      log.error(
        `pipeline ${name} cannot start`,
        new FleetError("ARTIFACT_DIGEST", `${version.model.digest} is missing or spoilt on disk`),
      );
    }
  }
  return whole;
}

function identityOf(config: AgentConfig, bootId: string, board: BoardFacts) {
  return {
    contract: CONTRACT_VERSION,
    device: config.device,
    agentVersion: AGENT_VERSION,
    bootId,
    atMs: Date.now(),
    board,
  };
}
