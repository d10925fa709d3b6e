import { readFile } from "node:fs/promises";
import type { Server } from "node:net";
import path from "node:path";
import { CONTRACT_VERSION, topic } from "../contract/index.ts";
import { asFleetError, FleetError } from "../errors/index.ts";
import { isErrno, readIfThere } from "../transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../transfer/files/file-layer.ts";
import { ObjectStore } from "../transfer/files/object-store.ts";
import { Broker } from "./broker/broker.ts";
import type { Copy } from "./broker/copies.ts";
import { RetainedStore } from "./broker/retained-store.ts";
import { type Surplus, surplusText } from "./broker/surplus.ts";
import { Deploy } from "./deploy/deploy.ts";
import { DeviceOwners } from "./deploy/device-owners.ts";
import type { GatherTimes } from "./deploy/gather.ts";
import { EngineShelf } from "./engines/engine-shelf.ts";
import { DEFAULT_QUOTA, type EngineQuota } from "./engines/kept-engine.ts";
import { SharedEngines } from "./engines/shared-engines.ts";
import { createEnrolSide } from "./enrolment/enrol-server.ts";
import { Enrolments } from "./enrolment/enrolments.ts";
import { History } from "./history/history.ts";
import { recorderFor } from "./history/record.ts";
import { createHttpSide } from "./http/http-server.ts";
import { HubRecord } from "./hub-info.ts";
import { HubIdentity } from "./identity/hub-identity.ts";
import { DEFAULT_LIFE_MS } from "./identity/issuer.ts";
import { KeptFile } from "./kept-file.ts";
import { type Log, logToStderr } from "./log.ts";

export interface HubOptions {
  /** Folder of all state. */
  dir: string;
  fleet: string;
  operatorFile: string;
  /** Address to listen on. */
  host: string;
  /** Host name or address that peers use; `host` when absent. */
  advertise?: string;
  /** 0: the port of last time when it is free, else any. */
  mqttPort: number;
  httpPort: number;
  /** Where boards are enrolled that have no certificate yet. */
  enrolPort?: number;
  /** How long the certificates are good that the hub makes; 90 days when absent. */
  certificateLifeMs?: number;
  log?: Log;
  returnDeadlineMs?: number;
  gather?: Partial<GatherTimes>;
  /** How much is kept of engines that devices share. */
  engineQuota?: EngineQuota;
  /** How long a device that builds for others may say nothing. */
  engineLeaseMs?: number;
  /** Through which all but the history reaches the disk. */
  layer?: FileLayer;
}

export interface RunningHub {
  record: HubRecord;
  stop(): Promise<void>;
}

/**
 * Starts with whatever its folder gives out: only without a CA and a certificate of its own, or beside another hub, it
 * does not. What is damaged or cannot be read is told; what cannot be written is tried again.
 */
export async function startHub(options: HubOptions): Promise<RunningHub> {
  const { log = logToStderr, layer = DISK } = options;
  const recordFile = path.join(options.dir, "hub.json");
  await told(log, "making its folder", () =>
    layer.mkdir(options.dir, { recursive: true, mode: 0o700 }),
  );
  const previous = await readRecord(recordFile, layer);
  await refuseSecondHub(options, previous);
  const identity = await HubIdentity.open({
    dir: options.dir,
    fleet: options.fleet,
    operatorFile: options.operatorFile,
    names: namesOf(options),
    lifeMs: options.certificateLifeMs ?? DEFAULT_LIFE_MS,
    log,
    layer,
  });
  const { register, issuer, gate, tls } = identity;
  const retainedFolder = path.join(options.dir, "retained");
  const retained = await RetainedStore.open(retainedFolder, options.fleet, log, layer);
  const objects = new ObjectStore(path.join(options.dir, "objects"), layer);
  await told(log, "opening the objects", () => objects.open());
  const history = await History.open({ folder: path.join(options.dir, "history"), log });
  const broker = await Broker.start({
    fleet: options.fleet,
    tls,
    gate,
    retained,
    log,
    record: recorderFor(history, log),
    onSurplus: (surplus) =>
      void told(log, "noting what was too much", () => noteSurplus(history, surplus)),
    onCopy: (device, copy) =>
      void told(log, "noting a copy", () => noteCopy(history, device, copy)),
    ...(options.returnDeadlineMs === undefined
      ? {}
      : { returnDeadlineMs: options.returnDeadlineMs }),
  });
  const deploy = await Deploy.open({
    folder: path.join(options.dir, "deploy"),
    fleet: options.fleet,
    retained,
    broker,
    gather: options.gather,
    log,
    layer,
  });
  const engines = new SharedEngines({
    shelf: new EngineShelf({
      folder: path.join(options.dir, "engines"),
      fleet: options.fleet,
      caPem: () => identity.caPem,
      layer,
      quota: options.engineQuota ?? DEFAULT_QUOTA,
      log,
    }),
    register,
    retained,
    history,
    desiredTopic: (device) => topic(options.fleet, device, "desired"),
    ...(options.engineLeaseMs === undefined ? {} : { leaseMs: options.engineLeaseMs }),
  });
  retained.onStored((name) => {
    deploy.heard(name);
    engines.heard(name);
  });
  const enrolments = await Enrolments.open(path.join(options.dir, "enrolments"), log, layer);
  const enrol = await createEnrolSide({ tls, enrolments, objects, issuer, history, log });
  const projectVersion = await readVersion();
  const http = await createHttpSide({
    fleet: options.fleet,
    tls,
    register,
    issuer,
    gate,
    retained,
    broker,
    objects,
    history,
    deploy,
    owners: new DeviceOwners(path.join(options.dir, "owners"), layer),
    engines,
    enrolments,
    log,
    info: () => ({
      service: "jetfleet-hub",
      fleet: options.fleet,
      contract: CONTRACT_VERSION,
      mqttUrl: record.mqttUrl,
      enrolUrl: record.enrolUrl,
      version: projectVersion,
    }),
  });
  const kept = new KeptFile(recordFile, log, layer);
  const stop = async (): Promise<void> => {
    kept.stop();
    identity.stop();
    http.server.close();
    enrol.server.close();
    await deploy.stop();
    await broker.close();
    http.server.closeAllConnections();
    enrol.server.closeAllConnections();
    await http.app.close();
    await enrol.app.close();
    await retained.settled();
    await history.close();
  };
  let record: HubRecord;
  try {
    const mqttPort = await listen(broker.server, options.host, options.mqttPort, previous?.mqttUrl);
    const httpPort = await listen(http.server, options.host, options.httpPort, previous?.httpUrl);
    const enrolPort = await listen(
      enrol.server,
      options.host,
      options.enrolPort ?? 0,
      previous?.enrolUrl,
    );
    record = recordOf(options, { mqttPort, httpPort, enrolPort });
    await kept.write(`${JSON.stringify(record)}\n`, 0o644);
    await told(log, "noting the start in the history", () =>
      history.noteHub("hub-started", "The hub started", { version: projectVersion }),
    );
    identity.keepFresh(broker.server, http.server, enrol.server);
  } catch (error) {
    await stop();
    throw error;
  }
  deploy.start();
  return { record, stop };
}

function noteSurplus(history: History, surplus: Surplus): Promise<void> {
  const { who, ...data } = surplus;
  const device = who.kind === "device" ? who.name : null;
  return history.noteHub("too-many-messages", surplusText(surplus), data, device);
}

function noteCopy(history: History, device: string, copy: Copy): Promise<void> {
  const { address, copyAddress } = copy;
  const message = `Two boards bear the identity of ${device}: the one at ${address} stays, the one at ${copyAddress} came later and is kept out`;
  return history.noteHub("identity-copied", message, { ...copy }, device);
}

/** What peers may call the hub: where it listens, what it is told to be, and the machine itself. */
function namesOf({ host, advertise }: HubOptions): string[] {
  const listening = host === "0.0.0.0" || host === "::" ? [] : [host];
  const given = advertise === undefined ? [] : [advertise];
  return [...new Set([...given, ...listening, "localhost", "127.0.0.1", "::1"])];
}

function recordOf(
  options: HubOptions,
  { mqttPort, httpPort, enrolPort }: { mqttPort: number; httpPort: number; enrolPort: number },
): HubRecord {
  const host = options.advertise ?? options.host;
  const authority = host.includes(":") ? `[${host}]` : host;
  return {
    pid: process.pid,
    fleet: options.fleet,
    httpUrl: `https://${authority}:${httpPort}`,
    mqttUrl: `mqtts://${authority}:${mqttPort}`,
    enrolUrl: `https://${authority}:${enrolPort}`,
    startedAtMs: Date.now(),
  };
}

/** What a hub can do without is tried, and told when it fails. */
async function told(log: Log, doing: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log("the hub goes on without", { doing, reason: asFleetError(error, doing).message });
  }
}

async function readRecord(file: string, layer: FileLayer): Promise<HubRecord | null> {
  try {
    const bytes = await readIfThere(file, layer);
    return bytes && HubRecord.parse(JSON.parse(bytes.toString("utf8")));
  } catch {
    // It only holds addresses; a new one is written.
    return null;
  }
}

/** Two hubs on one folder would overwrite each other's retained messages. */
async function refuseSecondHub(options: HubOptions, previous: HubRecord | null): Promise<void> {
  if (!previous) return;
  if (previous.fleet !== options.fleet) {
    throw new FleetError(
      "USAGE",
      `Expected ${options.dir} to belong to fleet ${options.fleet} but it is ${previous.fleet}'s`,
      { hint: "Choose another --dir or the right --fleet." },
    );
  }
  const command = await readFile(`/proc/${previous.pid}/cmdline`, "utf8").catch(() => "");
  const isHub = previous.pid !== process.pid && command.includes("fleet/hub/main.ts");
  if (
    isHub &&
    command.split("\0").some((part) => path.resolve(part) === path.resolve(options.dir))
  ) {
    throw new FleetError(
      "PORT_TAKEN",
      `Expected to be the only hub of ${options.dir} but process ${previous.pid} already is`,
      { hint: "Use the running hub, or stop it first.", context: { pid: previous.pid } },
    );
  }
}

/** Listens on the wanted port; without one on last time's, so that devices find the hub again, else on any. */
async function listen(
  server: Server,
  host: string,
  wanted: number,
  lastUrl: string | undefined,
): Promise<number> {
  if (wanted !== 0) return bind(server, host, wanted);
  const last = lastUrl ? Number(new URL(lastUrl).port) : 0;
  try {
    return await bind(server, host, last);
  } catch (error) {
    if (last !== 0 && error instanceof FleetError && error.code === "PORT_TAKEN") {
      return bind(server, host, 0);
    }
    throw error;
  }
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      reject(isErrno(error, "EADDRINUSE") ? portTaken(host, port, error) : error);
    };
    server.once("error", onError);
    server.listen({ host, port }, () => {
      server.off("error", onError);
      const address = server.address();
      resolve(address !== null && typeof address === "object" ? address.port : port);
    });
  });
}

function portTaken(host: string, port: number, cause: Error): FleetError {
  return new FleetError(
    "PORT_TAKEN",
    `Expected to listen on ${host}:${port} but another program does while starting the hub`,
    { cause, context: { host, port } },
  );
}

async function readVersion(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === "object" && parsed !== null && "version" in parsed
    ? String(parsed.version)
    : "unknown";
}
