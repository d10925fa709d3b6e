import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import mqtt, { type MqttClient } from "mqtt";
import { FLEET } from "../../../cli/demo/parts.ts";
import { Detections, FleetEvent, parseTopic, topic } from "../../../fleet/contract/index.ts";

interface SeenEvent {
  seq: number;
  previous: string | null;
  kind: string;
  hash: string;
}

/** An MQTT client like any other that hears what a device says, and keeps when it came. */
export class Recorder {
  readonly events: SeenEvent[] = [];
  /** When the camera took the last frame that was told, and when it was told; one clock for all in a simulation. */
  lastFrame = { capturedAtMs: 0, toldAtMs: 0 };
  /** The longest that a frame was under way from camera to here. */
  longestWayMs = 0;
  /** Digest of the model that made the last frame. */
  model = "";
  readonly #client: MqttClient;
  readonly #waiting = new Set<() => void>();

  private constructor(client: MqttClient, device: string) {
    this.#client = client;
    client.on("error", () => {});
    client.on("message", (name, payload) => this.#take(name, payload));
    client.on("connect", () => {
      client.subscribe(topic(FLEET, device, "events"), { qos: 1 });
      client.subscribe(topic(FLEET, device, "detections", "+"));
      this.#changed();
    });
  }

  static async start(mqttUrl: string, operatorFile: string, device: string): Promise<Recorder> {
    const pem = await readFile(operatorFile, "utf8");
    const tls = { ca: pem, cert: pem, key: pem };
    const options = { ...tls, protocolVersion: 4, reconnectPeriod: 100 } as const;
    const recorder = new Recorder(mqtt.connect(mqttUrl, options), device);
    await recorder.until("a connection", () => recorder.connected, 20_000);
    return recorder;
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  /** Resolves as soon as `condition` holds; it is asked after every message and now and then. */
  async until(what: string, condition: () => boolean, withinMs: number): Promise<void> {
    const startedAtMs = Date.now();
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        const late = Date.now() - startedAtMs > withinMs;
        if (!late && !condition()) return;
        clearInterval(timer);
        this.#waiting.delete(check);
        if (late) reject(new Error(`not within ${withinMs} ms: ${what}`));
        else resolve();
      };
      const timer = setInterval(check, 100);
      this.#waiting.add(check);
      check();
    });
  }

  /** How long after `sinceMs` the first frame came that was taken since. Older ones may still be under way. */
  async framesAgain(sinceMs: number, withinMs: number): Promise<number> {
    await this.until("frames again", () => this.lastFrame.capturedAtMs > sinceMs, withinMs);
    return this.lastFrame.toldAtMs - sinceMs;
  }

  /** What is wrong with the chain of events since the first that was heard; empty when nothing is lost. */
  gaps(): string[] {
    return this.events.flatMap((event, at) => {
      const before = this.events[at - 1];
      if (!before) return [];
      if (event.seq !== before.seq + 1) return [`${event.seq} came after ${before.seq}`];
      return event.previous === before.hash ? [] : [`${event.seq} does not continue ${before.seq}`];
    });
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }

  #take(name: string, payload: Buffer): void {
    const channel = parseTopic(name)?.channel;
    if (channel === "detections") this.#takeFrames(payload);
    if (channel === "events") this.#takeEvent(payload);
    this.#changed();
  }

  #takeFrames(payload: Buffer): void {
    const { modelDigest, frames } = Detections.parse(JSON.parse(payload.toString("utf8")));
    const capturedAtMs = frames.at(-1)?.capturedAtMs ?? 0;
    const toldAtMs = Date.now();
    this.model = modelDigest;
    this.lastFrame = { capturedAtMs, toldAtMs };
    this.longestWayMs = Math.max(this.longestWayMs, toldAtMs - capturedAtMs);
  }

  /** QoS 1 may bring an event twice. */
  #takeEvent(payload: Buffer): void {
    const { seq, previous, kind } = FleetEvent.parse(JSON.parse(payload.toString("utf8")));
    if (this.events.some((known) => known.seq === seq)) return;
    this.events.push({ seq, previous, kind, hash: sha256(payload) });
  }

  #changed(): void {
    for (const check of [...this.#waiting]) check();
  }
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
