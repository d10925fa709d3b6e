import { generateKeyPairSync, randomUUID } from "node:crypto";
import { connectAsync, type MqttClient } from "mqtt";
import {
  CONTRACT_VERSION,
  FormerDesired,
  type PipelineState,
  Reported,
  type ReportedError,
  type Stats,
  topic,
} from "../../../../fleet/contract/index.ts";
import { openFormer, pipelineDigest } from "../../../../fleet/release/index.ts";
import type { Identity } from "../../../../fleet/transfer/identity/identity.ts";

export interface Conduct {
  /** What becomes of a pipeline that the device was told to run. */
  state: PipelineState;
  error?: ReportedError | null;
  /** Frames counted per statistics message. */
  framesPerMessage?: number;
  /** Set for a device that takes no document: its error is reported instead. */
  refuse?: ReportedError;
  /** Set for a device that is told and never answers. */
  silent?: boolean;
}

const STATS_INTERVAL_MS = 100;

/** A device on MQTT without a board: takes desired documents and says of its pipelines what `conduct` wants. */
export class FakeDevice {
  conduct: Conduct = { state: "running" };
  desired: FormerDesired | null = null;
  readonly received: FormerDesired[] = [];
  readonly #client: MqttClient;
  readonly #fleet: string;
  readonly #name: string;
  readonly #publicKeyPem: string;
  readonly #bootId = randomUUID();
  readonly #timer: NodeJS.Timeout;
  #frames = 0;
  #seq = 0;

  private constructor(client: MqttClient, fleet: string, name: string, publicKeyPem: string) {
    this.#client = client;
    this.#fleet = fleet;
    this.#name = name;
    this.#publicKeyPem = publicKeyPem;
    this.#timer = setInterval(() => this.#stats(), STATS_INTERVAL_MS);
  }

  static async connect(options: {
    mqttUrl: string;
    identity: Identity;
    publicKeyPem: string;
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
    const device = new FakeDevice(client, fleet, name, publicKeyPem);
    client.on("message", (_topic, payload) => device.#accept(payload.toString("utf8")));
    await device.#publish("presence", {
      online: true,
      bootId: device.#bootId,
      seq: 1,
      atMs: Date.now(),
    });
    await device.report();
    await client.subscribeAsync(topic(fleet, name, "desired"), { qos: 1 });
    return device;
  }

  /** Goes offline in good order: the hub keeps what was reported. */
  async leave(): Promise<void> {
    clearInterval(this.#timer);
    if (!this.#client.connected) return;
    await this.#publish("presence", {
      online: false,
      bootId: this.#bootId,
      seq: 1,
      atMs: Date.now(),
    });
    await this.#client.endAsync();
  }

  async report(): Promise<void> {
    const { conduct, desired } = this;
    const nowMs = Date.now();
    const pipelines = (desired?.pipelines ?? []).map((spec) => {
      const model = desired?.models.find(({ name }) => name === spec.detect.model);
      if (!model) throw new Error(`the document lacks model ${spec.detect.model}`);
      return {
        name: spec.name,
        state: conduct.state,
        sinceMs: nowMs,
        model: { name: model.name, digest: model.digest },
        specDigest: pipelineDigest(spec, model),
        restarts: 0,
        error: conduct.error ?? null,
      };
    });
    await this.#publish(
      "reported",
      Reported.parse({
        contract: CONTRACT_VERSION,
        device: this.#name,
        agentVersion: "0.0.0",
        bootId: this.#bootId,
        atMs: nowMs,
        generation: desired?.generation ?? 0,
        update: { state: "committed", sinceMs: nowMs },
        setDigest: desired?.setDigest ?? null,
        board: {
          board: "tx2",
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

  #accept(text: string): void {
    const desired = FormerDesired.parse(
      JSON.parse(openFormer(JSON.parse(text), this.#publicKeyPem)),
    );
    this.received.push(desired);
    if (this.conduct.silent) return;
    if (!this.conduct.refuse) this.desired = desired;
    void this.report();
  }

  #stats(): void {
    if (!this.desired || this.conduct.silent) return;
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
