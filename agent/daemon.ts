import { join } from "node:path";
import type { BoardFacts, PipelineStats, Reported } from "../fleet/contract/index.ts";
import { asFleetError } from "../fleet/errors/index.ts";
import { allModels } from "../fleet/release/index.ts";
import { Connector } from "../fleet/transfer/connector.ts";
import { diskErrorIn } from "../fleet/transfer/files/disk-error.ts";
import { IdentityFile } from "../fleet/transfer/identity/identity-file.ts";
import { TrustedClock } from "../fleet/transfer/identity/trusted-clock.ts";
import { readNvrtc } from "./board/build-machine.ts";
import { CardReader } from "./board/card-reader.ts";
import { DeviceSilicon } from "./board/device-silicon.ts";
import { readBoardFacts, readSimulatedBuildMs } from "./board/facts.ts";
import { BoardSampler } from "./board/sampler.ts";
import { type AgentConfig, identityOf, nativePaths } from "./config.ts";
import { type Disk, openDisk } from "./disk.ts";
import { readEngineHost } from "./engine/engine-host.ts";
import { Engines } from "./engine/engines.ts";
import { Kernels } from "./engine/kernels.ts";
import { PlanWatch } from "./engine/plan-watch.ts";
import { Pruner } from "./engine/prune.ts";
import { Recipes } from "./engine/recipes.ts";
import { HubEngines } from "./engine/share/hub-engines.ts";
import { Sharing } from "./engine/share/sharing.ts";
import { Renewal } from "./identity/renewal.ts";
import { bringEngines, type EngineNeeds, type NeededEngines } from "./reconcile/bring-engines.ts";
import { DesiredInbox } from "./reconcile/desired-inbox.ts";
import { Downloads } from "./reconcile/downloads.ts";
import { Reconciler } from "./reconcile/reconciler.ts";
import { AnalyticsJournal } from "./report/analytics-journal.ts";
import type { NewEvent } from "./report/event-journal.ts";
import { HeadSigner } from "./report/head-signer.ts";
import { markHealthy } from "./report/healthy-mark.ts";
import { HubLink } from "./report/hub-link.ts";
import type { Log } from "./report/log.ts";
import { createBootId } from "./report/presence.ts";
import { reportDevice } from "./report/report-device.ts";
import { toReportedError } from "./report/reported-error.ts";
import { Reporter } from "./report/reporter.ts";
import { StatsTicker } from "./report/stats-ticker.ts";
import { describeBackend } from "./supervise/describe-backend.ts";
import { formsOf, type Placing } from "./supervise/place-on-silicon.ts";
import type { LaunchRunner } from "./supervise/runner-child.ts";
import { Supervisor } from "./supervise/supervisor.ts";
import { modelsInUse, objectsInUse, objectsKept, resumeAll } from "./update/device-state.ts";
import { objectsOf, type PipelineVersion } from "./update/pipeline-version.ts";
import { Turns } from "./update/turns.ts";
import { AGENT_VERSION } from "./version.ts";

const STALL_MS = 15_000;
const FETCH_BACKOFF = { baseMs: 500, capMs: 60_000 };
const DISK_BACKOFF = { baseMs: 500, capMs: 10_000 };
const RESTART_BACKOFF = { baseMs: 1000, capMs: 60_000 };
const FIRST_FRAME_MS = 20_000;
const GRACE_MS = 5000;
/** On a silent network nobody acknowledges. */
const LAST_REPORT_MS = 1000;
/** A board takes seconds to become hot, or to come to the end of its memory. */
const LOOK_MS = 2000;
/** A model may be slower than the one before it, for that is the operator's choice; it must not stop the pipeline. */
const PROBATION = { minFrames: 10, minFpsShare: 0.25 };

/** A hub that does not answer for so long is done without: a board must not wait for it to build. */
const HUB_ANSWER_MS = 5000;

export interface DaemonContext {
  config: AgentConfig;
  /** The bundle this process runs; the native runtime lies beside it. */
  bundlePath: string;
  launch: LaunchRunner;
  log: Log;
}

export async function startDaemon(context: DaemonContext): Promise<Daemon> {
  const bootId = createBootId();
  const disk = await openDisk(context.config.stateDir, bootId);
  const { config, bundlePath } = context;
  const native = nativePaths(config, bundlePath);
  const { threads } = config;
  const host = await readEngineHost(native, threads).catch((error: unknown) =>
    asFleetError(error, "finding out what engines are built with"),
  );
  const board = await readBoardFacts();
  const silicon = await DeviceSilicon.open(board.board === "unknown" ? config.board : board.board, {
    ...{ bundlePath, backendFolder: join(config.stateDir, "backends"), ...config },
    isSimulated: board.simulated,
    describe: (backend) =>
      describeBackend({ ...backend, launch: context.launch, addonPath: native.addonPath }),
  });
  const recipes = new Recipes({ native, threads, host, silicon: () => silicon.builder });
  const daemon = new Daemon(context, disk, { board, recipes, silicon }, bootId);
  await daemon.start();
  return daemon;
}

/** What this device is. */
interface Machine {
  board: BoardFacts;
  recipes: Recipes;
  silicon: DeviceSilicon;
}

/** The parts of the agent, wired together. */
export class Daemon {
  readonly #context: DaemonContext;
  readonly #disk: Disk;
  readonly #board: BoardFacts;
  readonly #silicon: DeviceSilicon;
  readonly #bootId: string;
  readonly #identity: IdentityFile;
  readonly #heads: HeadSigner;
  readonly #connector: Connector;
  readonly #renewal: Renewal;
  readonly #link: HubLink;
  readonly #reporter: Reporter;
  readonly #analytics: AnalyticsJournal;
  readonly #supervisor: Supervisor;
  readonly #downloads: Downloads;
  readonly #engines: Engines;
  readonly #kernels: Kernels;
  readonly #stopping = new AbortController();
  readonly #recipes: Recipes;
  readonly #reconciler: Reconciler;
  readonly #planWatch: PlanWatch;
  readonly #pruner: Pruner;
  readonly #inbox: DesiredInbox;
  readonly #sampler: BoardSampler;
  readonly #ticker: StatsTicker;

  constructor(
    context: DaemonContext,
    disk: Disk,
    { board, recipes, silicon }: Machine,
    bootId: string,
  ) {
    this.#context = context;
    this.#disk = disk;
    this.#board = board;
    this.#silicon = silicon;
    this.#bootId = bootId;
    this.#identity = new IdentityFile(identityOf(context.config).identityFile);
    this.#heads = new HeadSigner(this.#identity);
    this.#connector = new Connector(this.#identity, new TrustedClock());
    this.#link = this.#createLink();
    this.#renewal = this.#createRenewal();
    this.#reporter = new Reporter({
      link: this.#link,
      journal: disk.journal,
      log: context.log,
      reported: () => this.reported(),
      onAcknowledged: markHealthy(context.config.stateDir, context.log),
    });
    this.#analytics = new AnalyticsJournal({
      onEvent: (event) => this.#reporter.event(event),
      waiting: () => disk.journal.size,
      now: () => performance.now(),
    });
    this.#sampler = new BoardSampler(context.config.stateDir, { cards: this.#createCards() });
    this.#engines = this.#createEngines(recipes);
    this.#kernels = new Kernels({
      store: disk.kernels,
      launch: context.launch,
      addonPath: nativePaths(context.config, context.bundlePath).addonPath,
      nvrtc: readNvrtc,
      onEvent: (event) => this.#reporter.event(event),
    });
    this.#recipes = recipes;
    this.#supervisor = this.#createSupervisor();
    this.#downloads = this.#createDownloads();
    this.#reconciler = new Reconciler({
      ...this.#hooks(),
      objects: disk.objects,
      supervisor: this.#supervisor,
      downloads: this.#downloads,
      ...this.#engineNeeds(),
      loading: new Turns(),
    });
    this.#planWatch = new PlanWatch({
      plans: () => disk.store.current.plans,
      board,
      onEvent: (event) => this.#reporter.event(event),
    });
    this.#pruner = new Pruner({
      ...this.#hooks(),
      engines: disk.engines,
      keysInUse: () => this.#engines.keysInUse(),
    });
    this.#inbox = this.#createInbox();
    this.#ticker = new StatsTicker({
      link: this.#link,
      sampler: this.#sampler,
      supervisor: this.#supervisor,
      log: context.log,
      framesDropped: (pipeline) => this.#reporter.framesDropped(pipeline),
      eventsDropped: (pipeline) => this.#analytics.dropped(pipeline),
      onSecond: (stats) => this.#holdAgainstPlan(stats),
    });
  }

  /** Starts what the disk says, before and without any network. */
  async start(): Promise<void> {
    const { config, log } = this.#context;
    this.#reporter.event({ kind: "agent-started", message: `Agent ${AGENT_VERSION} started` });
    for (const message of this.#disk.notices) {
      this.#reporter.event({ kind: "state-not-read", message });
    }
    for (const error of this.#disk.refusedEngines) this.#engines.tellRefused(error);
    this.#kernels.tellRefused(this.#disk.refusedKernels);
    await this.#countResumes();
    this.#reconciler.open();
    this.#pruner.follow();
    this.#sampler.start();
    this.#link.start();
    this.#engines.offerAgain();
    void this.#bringKernels();
    this.#renewal.start();
    this.#ticker.start();
    log.info("agent runs", {
      version: AGENT_VERSION,
      device: config.device,
      bootId: this.#bootId,
    });
  }

  /** Stops the pipelines, says goodbye to the hub and leaves everything on disk as it is. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#ticker.stop();
    this.#sampler.stop();
    await this.#inbox.stop();
    await this.#reconciler.stop();
    await this.#pruner.stop();
    await this.#engines.stop();
    await this.#supervisor.stopAll();
    this.#analytics.stop();
    await Promise.race([
      this.#reporter.flush(),
      new Promise((resolve) => setTimeout(resolve, LAST_REPORT_MS)),
    ]);
    await this.#renewal.stop();
    await this.#link.stop();
  }

  reported(): Reported {
    const { device, labels } = this.#context.config;
    return reportDevice({
      ...{ device, labels },
      bootId: this.#bootId,
      board: this.#board,
      state: this.#disk.store.current,
      journal: this.#head(),
      supervisor: this.#supervisor,
      downloads: this.#downloads,
      engines: {
        list: () => this.#engines.list(),
        building: (model) => this.#silicon.preparing(model) ?? this.#engines.building(model),
      },
      engineHosts: this.#recipes.hosts(),
      engineQuotaBytes: this.#context.config.engineQuotaBytes,
      faultOf: (pipeline) => this.#reconciler.faultOf(pipeline),
      error: this.#inbox.refusal ?? this.#journalError(),
    });
  }

  #holdAgainstPlan(stats: PipelineStats): void {
    const run = this.#supervisor.report(stats.name);
    if (run?.state === "running") this.#planWatch.second(stats, run);
  }

  /** What no event can tell. */
  #journalError(): Reported["error"] {
    const { fault } = this.#disk.journal;
    if (fault === null) return null;
    const shown = diskErrorIn(fault.error, "the journal of events", "BOARD") ?? fault.error;
    return toReportedError(shown, "keeping an event", fault.sinceMs);
  }

  #head(): Reported["journal"] {
    const { head } = this.#disk.journal;
    return head === null ? undefined : this.#heads.sign(head);
  }

  /** On disk before anything runs, so that a version which ends its board is given up some day. */
  async #countResumes(): Promise<void> {
    try {
      await this.#disk.store.save((state) => resumeAll(state, Date.now()));
    } catch (error) {
      this.#context.log.error("the resumes of updates could not be counted", error);
    }
  }

  #createRenewal(): Renewal {
    const { config, log } = this.#context;
    return new Renewal({
      connector: this.#connector,
      file: this.#identity,
      hubUrl: config.hubUrl,
      log,
      onRenewed: () => this.#link.reconnect(),
    });
  }

  #createLink(): HubLink {
    return new HubLink({
      config: this.#context.config,
      connector: this.#connector,
      presence: this.#disk.presence,
      log: this.#context.log,
      onDesired: (message) => this.#inbox.receive(message),
      onConnected: () => this.#reporter.connected(),
    });
  }

  #createSupervisor(): Supervisor {
    const { config, bundlePath, launch, log } = this.#context;
    return new Supervisor({
      launch,
      native: nativePaths(config, bundlePath),
      threads: config.threads,
      engineOf: (model, form) => this.#engines.placeOf(model, form),
      objectPath: (digest) => this.#disk.objects.pathOf(digest),
      placeOf: (version, secondary) => this.#placeOf(version, secondary),
      reportEngine: (model, form) => this.#engines.report(model, form),
      mend: async (version, signal) => {
        for (const digest of objectsOf([version])) this.#disk.objects.distrust(digest);
        await this.#downloads.bringAll(allModels(version), signal);
        await bringEngines(this.#engineNeeds(), version, signal);
      },
      budgetOf: (pipeline) => this.#disk.store.current.pipelines[pipeline]?.active?.spec.budget,
      log,
      restartBackoff: RESTART_BACKOFF,
      firstFrameMs: FIRST_FRAME_MS,
      graceMs: GRACE_MS,
      probation: {
        ...PROBATION,
        watchMs: config.watchMs,
        deadlineMs: config.watchDeadlineMs,
      },
      onChange: () => this.#reporter.changed(),
      onFrames: (pipeline, batch) => this.#reporter.detections(pipeline, batch),
      onAnalytics: (batch) => this.#analytics.tell(batch),
      onRunEnd: (pipeline, run) => this.#analytics.ended(pipeline, run),
      onNotice: (pipeline, kind, message, data) =>
        this.#reporter.event({ kind, pipeline, message, ...(data && { data }) }),
    });
  }

  /** A secondary model takes what "auto" gives. */
  #placeOf({ spec }: PipelineVersion, secondary?: string): Placing {
    return this.#silicon.place(secondary === undefined ? spec.detect : {});
  }

  #engineNeeds() {
    return {
      engines: this.#engines,
      prepare: (version, signal) => this.#prepare(version, signal),
      enginesOf: (version) => this.#enginesOf(version),
    } satisfies EngineNeeds;
  }

  #enginesOf(version: PipelineVersion): NeededEngines[] {
    const { model, secondaryModels = {} } = version;
    return [
      { model, forms: formsOf(this.#placeOf(version)) },
      ...Object.entries(secondaryModels).map(([name, one]) => {
        return { model: one, forms: formsOf(this.#placeOf(version, name)) };
      }),
    ];
  }

  /** Another version of the agent may have other kernels, though no pipeline is updated. */
  async #bringKernels(): Promise<void> {
    const active = Object.values(this.#disk.store.current.pipelines).map(({ active: one }) => one);
    const isUsed = active.some((one) => one !== null && this.#placeOf(one).place !== null);
    const { builder } = this.#silicon;
    if (!isUsed || builder === null) return;
    await this.#kernels.bring(builder, this.#stopping.signal).catch(() => undefined);
  }

  async #prepare(version: PipelineVersion, signal: AbortSignal): Promise<void> {
    const { spec, model } = version;
    const listener = {
      onEvent: (event: NewEvent) => this.#reporter.event(event),
      onProgress: () => this.#reporter.changed("progress"),
    };
    await this.#silicon.prepare({ detect: spec.detect, model }, listener, signal);
    const { builder } = this.#silicon;
    if (builder === null || this.#placeOf(version).place === null) return;
    await this.#kernels.bring(builder, signal);
  }

  #createEngines(recipes: Recipes): Engines {
    const { config, bundlePath, launch, log } = this.#context;
    const { store, objects, engines, timings } = this.#disk;
    const objectPath = (digest: string) => objects.pathOf(digest);
    const { addonPath } = nativePaths(config, bundlePath);
    return new Engines({
      store: engines,
      timings,
      sharing: new Sharing({
        ...{ launch, addonPath, objectPath, log, store: engines, fleet: config.fleet },
        hub: new HubEngines({
          connector: this.#connector,
          hubUrl: config.hubUrl,
          answerMs: HUB_ANSWER_MS,
        }),
        refusals: this.#disk.refusals,
        attester: {
          ...{ fleet: config.fleet, device: config.device, bootId: this.#bootId },
          agentVersion: AGENT_VERSION,
          identity: () => this.#identity.usable(),
        },
        caPem: () => this.#identity.current().caPem,
        isOn: config.shareEngines,
        waitMs: config.engineWaitMs,
        quotaBytes: config.engineQuotaBytes,
        onEvent: (event) => this.#reporter.event(event),
      }),
      recipes,
      launch,
      addonPath,
      objectPath,
      modelsInUse: () => modelsInUse(store.current),
      quotaBytes: config.engineQuotaBytes,
      conditions: () => this.#sampler.conditions(),
      heat: config,
      lookMs: LOOK_MS,
      simulatedMs: () => readSimulatedBuildMs(this.#board),
      log,
      onProgress: () => this.#reporter.changed("progress"),
      onEvent: (event) => this.#reporter.event(event),
      onBuilt: ({ model, accelerator, seconds }) =>
        this.#planWatch.engineBuilt(model, accelerator, seconds),
      planOf: (model, form) => this.#planWatch.planOf(model, form),
      onLayers: (model, form, layers) => this.#planWatch.layersBuilt(model, form, layers),
    });
  }

  #createDownloads(): Downloads {
    const { store, objects } = this.#disk;
    return new Downloads({
      objects,
      config: this.#context.config,
      connector: this.#connector,
      artifactUrl: () => store.current.artifactUrl,
      inUse: () => objectsInUse(store.current),
      kept: () => objectsKept(store.current),
      stallMs: STALL_MS,
      backoff: FETCH_BACKOFF,
      log: this.#context.log,
      onProgress: () => this.#reporter.changed("progress"),
    });
  }

  /** Of a PC that has cards itself. */
  #createCards(): CardReader | undefined {
    const { config, launch } = this.#context;
    const found = this.#board.board === "unknown" ? config.board : this.#board.board;
    if (found !== "x86" || config.simulatedCard !== undefined) return undefined;
    return new CardReader(launch, (trouble) =>
      this.#reporter.event(
        trouble === null
          ? { kind: "cards-told", message: "The cards tell their figures again" }
          : { kind: "cards-trouble", message: `${trouble.kind}: ${trouble.says}` },
      ),
    );
  }

  #createInbox(): DesiredInbox {
    const { fleet, device, labels, fleetPublicKey, board } = this.#context.config;
    const rootPublicKeyPem = fleetPublicKey;
    const found = this.#board.board;
    return new DesiredInbox({
      ...this.#hooks(),
      identity: {
        ...{ fleet, device, labels, rootPublicKeyPem },
        board: found === "unknown" ? board : found,
      },
      reconciler: this.#reconciler,
      onKept: () => this.#pruner.follow(),
    });
  }

  #hooks() {
    return {
      store: this.#disk.store,
      diskBackoff: DISK_BACKOFF,
      log: this.#context.log,
      onChange: () => this.#reporter.changed(),
      onEvent: (event: Parameters<Reporter["event"]>[0]) => this.#reporter.event(event),
    };
  }
}
