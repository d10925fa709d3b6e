import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { z } from "zod";
import { readCredentialsFile } from "../credentials/operator-file.ts";
import { type Credentials, DeviceList, HubInfo } from "../hub-info.ts";
import { FleetLink } from "./fleet-link.ts";
import { HistoryClient } from "./history-client.ts";
import { expectStatus, hubRequest, unreachable, withRetries } from "./http-request.ts";

export interface HubClientOptions {
  httpUrl: string;
  /** Either the credentials or the path of the file that holds them. */
  credentials?: Credentials;
  credentialsFile?: string;
  /** Cancels whatever runs. */
  signal?: AbortSignal;
  /** Longest time of one short request. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** An upload may take long, but not stand still this long. */
const UPLOAD_IDLE_MS = 30_000;

/** The operator's side of the hub. Every call throws FleetError: HUB_UNREACHABLE, HUB_REFUSED, CANCELLED. */
export class HubClient {
  readonly #options: HubClientOptions;
  readonly #baseUrl: string;
  #credentials: Promise<Credentials> | undefined;
  /** Events, figures and chains that the hub keeps. */
  readonly history = new HistoryClient((path, schema, options) =>
    this.#read(path, schema, options),
  );

  constructor(options: HubClientOptions) {
    this.#options = options;
    this.#baseUrl = options.httpUrl.replace(/\/+$/, "");
  }

  /** Needs no credentials. */
  async info(): Promise<HubInfo> {
    const doing = "reading /info";
    const response = await this.#short("GET", "/info", doing, { anonymous: true });
    await expectStatus(response, [200], doing);
    const parsed = HubInfo.safeParse(await response.json().catch(() => null));
    if (parsed.success) return parsed.data;
    throw unreachable(this.#baseUrl, doing, "an answer that is not a jetfleet hub's");
  }

  async hasObject(digest: string): Promise<boolean> {
    const doing = `asking for ${digest}`;
    const response = await this.#short("HEAD", `/objects/${digest}`, doing);
    await expectStatus(response, [200, 404], doing);
    return response.status === 200;
  }

  /** Uploads a file unless the hub has it. `onProgress` hears bytes handed over; returns the bytes sent. */
  async putObject(
    digest: string,
    path: string,
    onProgress?: (sentBytes: number, totalBytes: number) => void,
  ): Promise<number> {
    if (await this.hasObject(digest)) return 0;
    const totalBytes = (await stat(path)).size;
    const send = (): Promise<void> => this.#upload(digest, path, totalBytes, onProgress);
    await withRetries(send, this.#options.signal);
    return totalBytes;
  }

  /** The devices that the hub knows, and which channels are retained for each. */
  async listDevices(): Promise<DeviceList["devices"]> {
    const doing = "listing the devices";
    const response = await this.#short("GET", "/devices", doing);
    await expectStatus(response, [200], doing);
    const parsed = DeviceList.safeParse(await response.json().catch(() => null));
    if (parsed.success) return parsed.data.devices;
    throw unreachable(this.#baseUrl, doing, "an answer that is not a list of devices");
  }

  /** Sets the password of a device's account and ends its old sessions. */
  async putDevice(name: string, password: string): Promise<void> {
    const doing = `setting the credentials of ${name}`;
    const body = JSON.stringify({ password });
    await expectStatus(await this.#short("PUT", `/devices/${name}`, doing, { body }), [200], doing);
  }

  /** Takes away a device's account and everything that was retained for it. */
  async deleteDevice(name: string): Promise<void> {
    const doing = `deleting ${name}`;
    await expectStatus(await this.#short("DELETE", `/devices/${name}`, doing), [200], doing);
  }

  /** What is retained on a channel right now; null when nothing is. */
  async getRetained(
    device: string,
    channel: string,
    timeoutMs?: number,
  ): Promise<Uint8Array | null> {
    const doing = `reading ${channel} of ${device}`;
    const path = `/retained/${device}/${channel}`;
    const response = await this.#short("GET", path, doing, timeoutMs ? { timeoutMs } : {});
    await expectStatus(response, [200, 404], doing);
    return response.status === 404 ? null : new Uint8Array(await response.arrayBuffer());
  }

  async connectMqtt(): Promise<FleetLink> {
    const info = await this.info();
    const { signal, timeoutMs = TIMEOUT_MS } = this.#options;
    return FleetLink.connect({
      mqttUrl: info.mqttUrl,
      fleet: info.fleet,
      credentials: await this.#authenticate(),
      readRetained: (device, channel, ms) => this.getRetained(device, channel, ms),
      timeoutMs,
      ...(signal ? { signal } : {}),
    });
  }

  async #read<Value>(
    path: string,
    schema: z.ZodType<Value>,
    options: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<Value> {
    const doing = `reading ${path.split("?", 1)[0]}`;
    const response = await this.#short("GET", path, doing, options);
    await expectStatus(response, [200], doing);
    const parsed = schema.safeParse(await response.json().catch(() => null));
    if (parsed.success) return parsed.data;
    throw unreachable(this.#baseUrl, doing, "an answer that is not of this version");
  }

  async #upload(
    digest: string,
    path: string,
    totalBytes: number,
    onProgress: ((sentBytes: number, totalBytes: number) => void) | undefined,
  ): Promise<void> {
    const doing = `uploading ${digest}`;
    const idle = new AbortController();
    const timer = setTimeout(() => idle.abort(), UPLOAD_IDLE_MS);
    async function* body(): AsyncGenerator<Uint8Array> {
      let sentBytes = 0;
      const file: AsyncIterable<Uint8Array> = createReadStream(path, { highWaterMark: 1 << 18 });
      for await (const bytes of file) {
        yield bytes;
        timer.refresh();
        sentBytes += bytes.length;
        onProgress?.(sentBytes, totalBytes);
      }
    }
    try {
      const response = await hubRequest(`${this.#baseUrl}/objects/${digest}`, {
        method: "PUT",
        doing,
        credentials: await this.#authenticate(),
        headers: { "content-length": String(totalBytes) },
        body: body(),
        signal: this.#options.signal,
        deadline: idle.signal,
      });
      await expectStatus(response, [200, 201], doing);
    } finally {
      clearTimeout(timer);
    }
  }

  async #short(
    method: "GET" | "HEAD" | "PUT" | "DELETE",
    path: string,
    doing: string,
    extra: {
      anonymous?: boolean;
      body?: string;
      timeoutMs?: number;
      /** Cancels this request alone. */
      signal?: AbortSignal;
    } = {},
  ): Promise<Response> {
    const credentials = extra.anonymous ? undefined : await this.#authenticate();
    const own = [this.#options.signal, extra.signal].filter((one) => one !== undefined);
    const signal = own.length > 0 ? AbortSignal.any(own) : undefined;
    const attempt = (): Promise<Response> =>
      hubRequest(this.#baseUrl + path, {
        method,
        doing,
        ...(credentials ? { credentials } : {}),
        ...(extra.body === undefined ? {} : { body: extra.body }),
        signal,
        deadline: AbortSignal.timeout(extra.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS),
      });
    return withRetries(attempt, signal);
  }

  #authenticate(): Promise<Credentials> {
    const { credentials, credentialsFile } = this.#options;
    this.#credentials ??= credentials
      ? Promise.resolve(credentials)
      : readCredentialsFile(credentialsFile ?? "");
    return this.#credentials;
  }
}
