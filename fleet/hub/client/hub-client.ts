import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { z } from "zod";
import type { DeviceOwner } from "../../spec/index.ts";
import { Connector } from "../../transfer/connector.ts";
import {
  type CertificateRequest,
  IssuedCertificate,
} from "../../transfer/identity/certificate-request.ts";
import { IdentityFile } from "../../transfer/identity/identity-file.ts";
import { TrustedClock } from "../../transfer/identity/trusted-clock.ts";
import { type DeviceClaim, DeviceClaimed, type DeviceRelease } from "../deploy-api.ts";
import { EnrolmentBegun, type NewEnrolment } from "../enrolment-api.ts";
import { DeviceList, HubInfo } from "../hub-info.ts";
import { DeployClient } from "./deploy-client.ts";
import { FleetLink } from "./fleet-link.ts";
import { HistoryClient } from "./history-client.ts";
import {
  expectStatus,
  type HubAnswer,
  hubRequest,
  jsonOf,
  unreachable,
  withRetries,
} from "./hub-request.ts";
import { renewInTime } from "./renew-in-time.ts";

export interface HubClientOptions {
  httpUrl: string;
  /** PEM file of the operator's key, its certificate and the fleet's CA. */
  identityFile: string;
  /** Cancels whatever runs. */
  signal?: AbortSignal;
  /** Longest time of one short request. */
  timeoutMs?: number;
}

interface AskOptions {
  body?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
  /** Cancels this request alone. */
  signal?: AbortSignal;
}

const TIMEOUT_MS = 10_000;
/** An upload may take long, but not stand still this long. */
const UPLOAD_IDLE_MS = 30_000;

/**
 * The operator's side of the hub. Every call throws FleetError: HUB_UNREACHABLE, HUB_UNTRUSTED, HUB_REFUSED, IDENTITY_*,
 * CANCELLED. An identity that is due for it is renewed on the way.
 */
export class HubClient {
  readonly #options: HubClientOptions;
  readonly #baseUrl: string;
  /** Roles, parts and what is chosen among them. */
  readonly deploy = new DeployClient((method, path, doing, extra) =>
    this.#short(method, path, doing, extra),
  );
  /** Events, figures and chains that the hub keeps. */
  readonly history = new HistoryClient((path, schema, options) =>
    this.#read(path, schema, options),
  );
  readonly #identity: IdentityFile;
  readonly #connector: Connector;
  #renewed: Promise<void> | undefined;

  constructor(options: HubClientOptions) {
    this.#options = options;
    this.#identity = new IdentityFile(options.identityFile);
    this.#connector = new Connector(this.#identity, new TrustedClock());
    this.#baseUrl = options.httpUrl.replace(/\/+$/, "");
  }

  /** The CA of the hub's fleet. */
  get caPem(): string {
    return this.#connector.identity.caPem;
  }

  async info(): Promise<HubInfo> {
    const doing = "reading /info";
    const answer = await this.#short("GET", "/info", doing);
    expectStatus(answer, [200], doing);
    const parsed = HubInfo.safeParse(jsonOf(answer));
    if (parsed.success) return parsed.data;
    throw unreachable(this.#baseUrl, doing, "an answer that is not a jetfleet hub's");
  }

  async hasObject(digest: string): Promise<boolean> {
    const doing = `asking for ${digest}`;
    const answer = await this.#short("HEAD", `/objects/${digest}`, doing);
    expectStatus(answer, [200, 404], doing);
    return answer.status === 200;
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
    const answer = await this.#short("GET", "/devices", doing);
    expectStatus(answer, [200], doing);
    const parsed = DeviceList.safeParse(jsonOf(answer));
    if (parsed.success) return parsed.data.devices;
    throw unreachable(this.#baseUrl, doing, "an answer that is not a list of devices");
  }

  /** Makes a certificate for a device's own key; older ones end once the device shows it. */
  async certifyDevice(name: string, request: CertificateRequest): Promise<IssuedCertificate> {
    return this.#certify(`/devices/${name}/certificate`, request, `certifying ${name}`);
  }

  /** Has the hub await a board that will be the device; throws HUB_REFUSED for a hub that cannot. */
  async beginEnrolment(name: string, news: NewEnrolment): Promise<EnrolmentBegun> {
    const doing = `awaiting the board of ${name}`;
    const extra = { body: JSON.stringify(news) };
    const answer = await this.#short("PUT", `/devices/${name}/enrolment`, doing, extra);
    expectStatus(answer, [200], doing);
    const parsed = EnrolmentBegun.safeParse(jsonOf(answer));
    if (parsed.success) return parsed.data;
    throw unreachable(this.#baseUrl, doing, "an answer that is not of this version");
  }

  async endEnrolment(name: string): Promise<void> {
    const doing = `awaiting the board of ${name} no longer`;
    const answer = await this.#short("DELETE", `/devices/${name}/enrolment`, doing);
    expectStatus(answer, [200], doing);
  }

  /** Says whose a device is from now on; throws DEVICE_OWNED. Resolves to whose it was. */
  async claimDevice(name: string, claim: DeviceClaim): Promise<DeviceOwner | null> {
    const doing = `claiming ${name}`;
    const extra = { body: JSON.stringify(claim) };
    const answer = await this.#short("PUT", `/devices/${name}/owner`, doing, extra);
    expectStatus(answer, [200], doing);
    const parsed = DeviceClaimed.safeParse(jsonOf(answer));
    if (parsed.success) return parsed.data.before;
    throw unreachable(this.#baseUrl, doing, "an answer that does not tell whose it was");
  }

  /**
   * Revokes a device's certificates and takes away everything that was retained for it. With `release` only as its
   * owner, else throws DEVICE_OWNED.
   */
  async deleteDevice(name: string, release?: DeviceRelease): Promise<void> {
    const doing = `deleting ${name}`;
    const extra = release ? { body: JSON.stringify(release) } : {};
    expectStatus(await this.#short("DELETE", `/devices/${name}`, doing, extra), [200], doing);
  }

  /** What is retained on a channel right now; null when nothing is. */
  async getRetained(
    device: string,
    channel: string,
    timeoutMs?: number,
  ): Promise<Uint8Array | null> {
    const doing = `reading ${channel} of ${device}`;
    const path = `/retained/${device}/${channel}`;
    const answer = await this.#short("GET", path, doing, timeoutMs ? { timeoutMs } : {});
    expectStatus(answer, [200, 404], doing);
    return answer.status === 404 ? null : new Uint8Array(answer.bytes);
  }

  async connectMqtt(): Promise<FleetLink> {
    const info = await this.info();
    const { signal, timeoutMs = TIMEOUT_MS } = this.#options;
    return FleetLink.connect({
      mqttUrl: info.mqttUrl,
      fleet: info.fleet,
      connector: this.#connector,
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
    const answer = await this.#short("GET", path, doing, options);
    expectStatus(answer, [200], doing);
    const parsed = schema.safeParse(jsonOf(answer));
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
      const answer = await hubRequest(this.#connector, {
        url: `${this.#baseUrl}/objects/${digest}`,
        method: "PUT",
        doing,
        headers: { "content-length": totalBytes },
        body: body(),
        firstByteMs: null,
        signal: this.#options.signal,
        deadline: idle.signal,
      });
      expectStatus(answer, [200, 201], doing);
    } finally {
      clearTimeout(timer);
    }
  }

  async #certify(
    path: string,
    request: CertificateRequest,
    doing: string,
    method: "PUT" | "POST" = "PUT",
  ): Promise<IssuedCertificate> {
    const answer = await this.#ask(method, path, doing, { body: JSON.stringify(request) });
    expectStatus(answer, [200], doing);
    const parsed = IssuedCertificate.safeParse(jsonOf(answer));
    if (parsed.success) return parsed.data;
    throw unreachable(this.#baseUrl, doing, "an answer that is not a certificate");
  }

  /** Once per client: a command is short, and what runs for long makes clients anew. */
  async #short(
    method: "GET" | "HEAD" | "PUT" | "DELETE",
    path: string,
    doing: string,
    extra: AskOptions = {},
  ): Promise<HubAnswer> {
    this.#renewed ??= renewInTime(this.#identity, (request) =>
      this.#certify("/certificate", request, "renewing the operator's certificate", "POST"),
    );
    await this.#renewed;
    return this.#ask(method, path, doing, extra);
  }

  #ask(
    method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE",
    path: string,
    doing: string,
    extra: AskOptions,
  ): Promise<HubAnswer> {
    const own = [this.#options.signal, extra.signal].filter((one) => one !== undefined);
    const signal = own.length > 0 ? AbortSignal.any(own) : undefined;
    const timeoutMs = extra.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS;
    const attempt = (): Promise<HubAnswer> =>
      hubRequest(this.#connector, {
        url: this.#baseUrl + path,
        method,
        doing,
        ...(extra.body === undefined
          ? {}
          : {
              body: extra.body,
              headers: {
                "content-type": "application/json",
                // Node sends none with DELETE, and what follows would pass for another request.
                "content-length": String(Buffer.byteLength(extra.body)),
                ...extra.headers,
              },
            }),
        firstByteMs: timeoutMs,
        signal,
        deadline: AbortSignal.timeout(timeoutMs),
      });
    return withRetries(attempt, signal);
  }
}
