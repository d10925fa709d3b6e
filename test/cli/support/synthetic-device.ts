import { connectAsync, type MqttClient } from "mqtt";
import type {
  PipelineStats,
  Presence,
  Reported,
  StageStats,
  Stats,
} from "../../../fleet/contract/index.ts";
import {
  CHANNELS,
  type ChannelName,
  CONTRACT_VERSION,
  Desired,
  DesiredMessage,
  type Payload,
  topic,
} from "../../../fleet/contract/index.ts";
import type { BoardName } from "../../../fleet/spec/index.ts";
import type { HubProcess } from "../../hub/running-hub.ts";

export const MODEL_DIGEST = `sha256:${"3f2a91c0".padEnd(64, "0")}`;
const SPEC_DIGEST = `sha256:${"5".repeat(64)}`;

/** What a device with one running pipeline reports; tests change what they are about. */
export function reportedOf(device: string, board: BoardName = "agx-xavier"): Reported {
  return {
    contract: CONTRACT_VERSION,
    reads: [CONTRACT_VERSION],
    device,
    agentVersion: "0.1.0",
    bootId: "boot",
    atMs: Date.now(),
    generation: 1,
    update: { state: "committed", sinceMs: Date.now() - 60_000 },
    labels: {},
    setDigest: `sha256:${"7".repeat(64)}`,
    board: {
      board,
      model: board === "tx2" ? "quill" : "Jetson-AGX",
      jetpack: board === "tx2" ? "4.6.1" : "5.1.2",
      l4t: board === "tx2" ? "32.7.1" : "35.4.1",
      powerMode: "MAXN",
      simulated: true,
      machine: "x86_64",
      node: "v16.20.2",
    },
    pipelines: [
      {
        name: "entrance",
        state: "running",
        sinceMs: Date.now() - 60_000,
        model: { name: "scene", digest: MODEL_DIGEST },
        specDigest: SPEC_DIGEST,
        runsOn: { backend: "onnxruntime", accelerator: "cpu" },
        restarts: 0,
        error: null,
      },
    ],
    error: null,
  };
}

export function statsOf(seq: number): Stats {
  return {
    atMs: Date.now(),
    seq,
    board: {
      cpuPercent: 41,
      gpuPercent: null,
      memoryUsedBytes: 3 * 2 ** 30,
      memoryTotalBytes: 8 * 2 ** 30,
      diskFreeBytes: 11 * 2 ** 30,
      temperaturesCelsius: { CPU: 47.5, GPU: 45 },
      powerMilliwatts: { VDD_IN: 5200 },
    },
    pipelines: [pipelineStats()],
  };
}

function pipelineStats(): PipelineStats {
  const stages = ["decode", "preprocess", "detect", "track", "sinks"];
  return {
    name: "entrance",
    fps: 15.02,
    framesTotal: 1234,
    droppedTotal: 7,
    latencyMs: { p50: 31.2, p95: 44.4, p99: 50, max: 61 },
    latencyFrom: "capture",
    stages: stages.map(stageStats),
    tracksTotal: 12,
    copiesPerFrame: 1,
    copiedBytesPerFrame: 1_382_400,
    source: { state: "playing", reconnects: 0 },
  };
}

function stageStats(name: string): StageStats {
  const busy = name === "detect";
  return {
    name,
    frames: 15,
    waitMs: { p50: 0.1, p95: 0.4, p99: 0.5, max: 1 },
    workMs: busy
      ? { p50: 24.6, p95: 33.1, p99: 35, max: 40 }
      : { p50: 1.2, p95: 1.9, p99: 2, max: 3 },
    queue: { level: 0, max: busy ? 2 : 1, capacity: 4 },
    drops: 0,
    dropsTotal: busy ? 7 : 0,
  };
}

/** A device that says over MQTT what it is told to say, by the contract and with its own rights. */
export class SyntheticDevice {
  readonly name: string;
  readonly #client: MqttClient;
  readonly #fleet: string;
  #timer: NodeJS.Timeout | undefined;
  #seq = 0;
  #taken = 1;
  #reported: Reported | undefined;

  private constructor(name: string, client: MqttClient, fleet: string) {
    this.name = name;
    this.#client = client;
    this.#fleet = fleet;
  }

  static async connect(hub: HubProcess, name: string): Promise<SyntheticDevice> {
    const { keyPem, certificatePem, caPem } = await hub.certify(name);
    const { fleet } = hub.record;
    const client = await connectAsync(hub.record.mqttUrl, {
      key: keyPem,
      cert: certificatePem,
      ca: caPem,
      clientId: "agent",
      protocolVersion: 4,
      will: {
        topic: topic(fleet, name, "presence"),
        payload: Buffer.from(JSON.stringify(presence(false))),
        qos: 1,
        retain: true,
      },
    });
    const device = new SyntheticDevice(name, client, fleet);
    await device.say("presence", presence(true));
    return device;
  }

  async say<Name extends ChannelName>(channel: Name, payload: Payload<Name>): Promise<void> {
    const { qos, retain } = CHANNELS[channel];
    const name = topic(this.#fleet, this.name, channel);
    if ("generation" in payload) this.#reported = payload;
    const said = "generation" in payload ? { ...payload, generation: this.#taken } : payload;
    await this.#client.publishAsync(name, JSON.stringify(said), { qos, retain });
  }

  /** Takes what is retained on `desired`: reports its generation from now on. */
  async take(retained: Uint8Array | null): Promise<void> {
    const message = DesiredMessage.parse(JSON.parse(Buffer.from(retained ?? []).toString("utf8")));
    this.#taken = Desired.parse(JSON.parse(message.desired.payload)).generation;
    if (this.#reported) await this.say("reported", this.#reported);
  }

  /** Figures ten times a second, so that tests need not wait. */
  sendStats(make: (seq: number) => Stats = statsOf): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.say("stats", make((this.#seq += 1))), 100);
  }

  stopStats(): void {
    clearInterval(this.#timer);
  }

  /** As a power cut: no goodbye, the will speaks. */
  die(): void {
    this.stopStats();
    this.#client.end(true);
    this.#client.stream.destroy();
  }

  async close(): Promise<void> {
    this.stopStats();
    await this.#client.endAsync();
  }
}

function presence(online: boolean): Presence {
  return { online, bootId: "boot", seq: 1, atMs: Date.now() };
}
