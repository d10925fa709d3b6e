import { generateKeyPairSync, randomUUID } from "node:crypto";
import { connectAsync, type MqttClient } from "mqtt";
import {
  CONTRACT_VERSION,
  type Desired,
  type PipelineState,
  type PipelineUpdate,
  Reported,
  type ReportedError,
  type Stats,
  topic,
} from "../../../../fleet/contract/index.ts";
import {
  type Identity as Addressee,
  emptyMemory,
  judge,
  type Memory,
  partKey,
  type RefusedPipeline,
  type WantedPipeline,
} from "../../../../fleet/deploy/index.ts";
import { pipelineDigest } from "../../../../fleet/release/index.ts";
import type { Labels, ModelManifest, PipelineSpec } from "../../../../fleet/spec/index.ts";
import type { Identity } from "../../../../fleet/transfer/identity/identity.ts";

export interface Conduct {
  /** What becomes of a pipeline that the device was told to run. */
  state: PipelineState;
  error?: ReportedError | null;
  /** Frames counted per statistics message. */
  framesPerMessage?: number;
  /** Set for a device that takes no document: its error is reported instead. */
  refuse?: ReportedError;
  /** Pipelines whose new part was given up, and why. */
  giveUp?: Record<string, ReportedError>;
  /** Versions of desired documents that the agent reads; those of today unless said otherwise. */
  reads?: number[];
  /** Set for a device that sends no statistics. */
  noFigures?: boolean;
  /** Set for a device that is told and never answers. */
  silent?: boolean;
}

/** What the device was told to run, as it accepted it. */
export interface Told {
  generation: number;
  pipelines: PipelineSpec[];
  models: ModelManifest[];
  plans: Desired["plans"];
  wanted: WantedPipeline[];
  refused: RefusedPipeline[];
}

const STATS_INTERVAL_MS = 100;
const BOARD = "tx2";

/** What the device said first was not acknowledged: an agent connects anew. */
export class SessionEnded extends Error {
  constructor(device: string) {
    super(`the hub ended the session of ${device} before it had introduced itself`);
  }
}

/** A device on MQTT without a board: judges compositions as an agent does, and says of its pipelines what `conduct` wants. */
export class FakeDevice {
  conduct: Conduct = { state: "running" };
  desired: Told | null = null;
  /** Codes of messages that were refused whole. */
  readonly refusals: string[] = [];
  readonly received: Told[] = [];
  memory: Memory = emptyMemory(randomUUID());
  readonly #client: MqttClient;
  readonly #fleet: string;
  readonly #name: string;
  readonly #identity: Addressee;
  readonly #bootId = randomUUID();
  readonly #timer: NodeJS.Timeout;
  /** No acknowledgement comes after that. */
  readonly #ended: Promise<void>;
  #frames = 0;
  #seq = 0;

  private constructor(
    client: MqttClient,
    fleet: string,
    name: string,
    publicKeyPem: string,
    labels: Labels,
  ) {
    this.#client = client;
    this.#fleet = fleet;
    this.#name = name;
    this.#identity = {
      fleet,
      device: name,
      labels,
      rootPublicKeyPem: publicKeyPem,
      board: BOARD,
    };
    this.#timer = setInterval(() => this.#stats(), STATS_INTERVAL_MS);
    this.#ended = new Promise((resolve) => void client.once("close", () => resolve()));
  }

  static async connect(options: {
    mqttUrl: string;
    identity: Identity;
    publicKeyPem: string;
    /** What it remembers; nothing unless said otherwise. */
    memory?: Memory;
    /** What it is addressed by; nothing unless said otherwise. */
    labels?: Labels;
  }): Promise<FakeDevice> {
    const { mqttUrl, identity, publicKeyPem } = options;
    if (identity.peer.kind !== "device") throw new Error("not a device's identity");
    const { fleet, name } = identity.peer;
    const client = await connectAsync(mqttUrl, {
      key: identity.keyPem,
      cert: identity.certificatePem,
      ca: identity.caPem,
      protocolVersion: 4,
      reconnectPeriod: 0,
    });
    const device = new FakeDevice(client, fleet, name, publicKeyPem, options.labels ?? {});
    if (options.memory) device.memory = options.memory;
    client.on("message", (_topic, payload) => device.#accept(payload));
    const isKnown = device.#introduce().then(() => true);
    if (await Promise.race([isKnown, device.#ended.then(() => false)])) return device;
    clearInterval(device.#timer);
    throw new SessionEnded(name);
  }

  async #introduce(): Promise<void> {
    await this.#publish("presence", {
      online: true,
      bootId: this.#bootId,
      seq: 1,
      atMs: Date.now(),
    });
    await this.report();
    await this.#client.subscribeAsync(topic(this.#fleet, this.#name, "desired"), { qos: 1 });
  }

  /** Goes offline in good order: the hub keeps what was reported. */
  async leave(): Promise<void> {
    clearInterval(this.#timer);
    if (!this.#client.connected) return;
    const told = this.#publish("presence", {
      online: false,
      bootId: this.#bootId,
      seq: 1,
      atMs: Date.now(),
    });
    await Promise.race([told, this.#ended]);
    await this.#client.endAsync(!this.#client.connected);
  }

  async report(): Promise<void> {
    const { conduct, desired } = this;
    const nowMs = Date.now();
    const pipelines = (desired?.wanted ?? []).map(({ spec, ...models }) => ({
      name: spec.name,
      state: conduct.state,
      sinceMs: nowMs,
      model: { name: models.model.name, digest: models.model.digest },
      specDigest: pipelineDigest(spec, models),
      restarts: 0,
      error: conduct.error ?? null,
    }));
    await this.#publish(
      "reported",
      Reported.parse({
        contract: CONTRACT_VERSION,
        reads: this.conduct.reads ?? [CONTRACT_VERSION],
        device: this.#name,
        agentVersion: "0.0.0",
        bootId: this.#bootId,
        atMs: nowMs,
        generation: desired?.generation ?? 0,
        ...(this.memory.roles && { roles: this.memory.roles }),
        ...(this.memory.asks !== null && { asks: this.memory.asks }),
        update: { state: "committed", sinceMs: nowMs },
        updates: this.#updates(nowMs),
        setDigest: null,
        labels: this.#identity.labels,
        board: {
          board: BOARD,
          model: "quill",
          jetpack: "4.6.1",
          l4t: "32.7.1",
          powerMode: null,
          simulated: true,
          machine: "x86_64",
          node: "v16.20.2",
        },
        pipelines,
        error: conduct.refuse ?? null,
      }),
    );
  }

  #updates(sinceMs: number): PipelineUpdate[] {
    const rememberedOf = (name: string) =>
      this.memory.parts[partKey("pipeline", name)]?.number ?? null;
    const wanted = (this.desired?.wanted ?? []).map(({ spec, part }) => {
      const error = this.conduct.giveUp?.[spec.name] ?? null;
      const state = error ? ("rolled-back" as const) : ("committed" as const);
      return {
        pipeline: spec.name,
        part,
        remembered: rememberedOf(spec.name),
        state,
        sinceMs,
        error,
      };
    });
    const refused = (this.desired?.refused ?? []).map(({ pipeline, part, error }) => {
      const { code, message, hint } = error;
      return {
        ...{
          pipeline,
          part,
          remembered: rememberedOf(pipeline),
          state: "refused" as const,
          sinceMs,
        },
        error: { code, message, hint, atMs: sinceMs },
      };
    });
    return [...wanted, ...refused];
  }

  #accept(message: Buffer): void {
    if (message.length === 0) return;
    const clock = { systemMs: Date.now(), builtAtMs: 0 };
    const verdict = judge(message, this.memory, clock, this.#identity);
    if (verdict.verdict === "refused") this.refusals.push(verdict.error.code);
    if (verdict.verdict !== "accepted") return;
    const { pipelines, refused, desired } = verdict;
    const told: Told = {
      generation: desired.generation,
      pipelines: pipelines.map(({ spec }) => spec),
      models: pipelines.map(({ model }) => model),
      plans: desired.plans,
      wanted: pipelines,
      refused,
    };
    this.received.push(told);
    if (this.conduct.silent) return;
    if (!this.conduct.refuse) {
      this.memory = verdict.memory;
      this.desired = told;
    }
    void this.report();
  }

  #stats(): void {
    if (!this.desired || this.conduct.silent || this.conduct.noFigures) return;
    this.#frames += this.conduct.framesPerMessage ?? 3;
    const stats: Stats = {
      atMs: Date.now(),
      seq: this.#seq++,
      board: {
        cpuPercent: null,
        gpuPercent: null,
        memoryUsedBytes: null,
        memoryTotalBytes: null,
        diskFreeBytes: null,
        temperaturesCelsius: {},
        powerMilliwatts: {},
      },
      pipelines: this.desired.pipelines.map(({ name }) => ({
        name,
        fps: 30,
        framesTotal: this.#frames,
        droppedTotal: 0,
        latencyMs: null,
        latencyFrom: "arrival",
        stages: [],
        tracksTotal: 0,
        copiesPerFrame: 0,
        copiedBytesPerFrame: 0,
        source: { state: "playing", reconnects: 0 },
      })),
    };
    void this.#publish("stats", stats);
  }

  async #publish(channel: "presence" | "reported" | "stats", payload: unknown): Promise<void> {
    const retain = channel !== "stats";
    await this.#client
      .publishAsync(topic(this.#fleet, this.#name, channel), JSON.stringify(payload), {
        qos: retain ? 1 : 0,
        retain,
      })
      .catch(() => {});
  }
}

export function newSigningKey(): { privateKeyPem: string; publicKeyPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}
