import { mkdir, readFile } from "node:fs/promises";
import type { Server } from "node:net";
import path from "node:path";
import { CONTRACT_VERSION } from "../contract/index.ts";
import { FleetError } from "../errors/index.ts";
import { isErrno, readIfThere, writeFileDurably } from "../transfer/files/durable-file.ts";
import { ObjectStore } from "../transfer/files/object-store.ts";
import { Broker } from "./broker/broker.ts";
import { RetainedStore } from "./broker/retained-store.ts";
import { Authenticator } from "./credentials/authenticator.ts";
import { DeviceCredentials } from "./credentials/device-credentials.ts";
import { openOperatorFile } from "./credentials/operator-file.ts";
import { History } from "./history/history.ts";
import { recorderFor } from "./history/record.ts";
import { createHttpApp } from "./http/http-server.ts";
import { HubRecord } from "./hub-info.ts";
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
  log?: Log;
  returnDeadlineMs?: number;
}

export interface RunningHub {
  record: HubRecord;
  stop(): Promise<void>;
}

export async function startHub(options: HubOptions): Promise<RunningHub> {
  const log = options.log ?? logToStderr;
  const recordFile = path.join(options.dir, "hub.json");
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const previous = await readRecord(recordFile);
  await refuseSecondHub(options, previous);
  const operator = await openOperatorFile(options.operatorFile);
  const devices = await DeviceCredentials.open(path.join(options.dir, "devices"));
  const retained = await RetainedStore.open(path.join(options.dir, "retained"), options.fleet);
  const objects = new ObjectStore(path.join(options.dir, "objects"));
  await objects.open();
  const history = await History.open({ folder: path.join(options.dir, "history"), log });
  const authenticator = new Authenticator(operator, devices);
  const broker = await Broker.start({
    fleet: options.fleet,
    authenticator,
    retained,
    hasAccount: (device) => devices.find(device) !== undefined,
    log,
    record: recorderFor(history, log),
    ...(options.returnDeadlineMs === undefined
      ? {}
      : { returnDeadlineMs: options.returnDeadlineMs }),
  });
  const projectVersion = await readVersion();
  const http = await createHttpApp({
    fleet: options.fleet,
    operatorName: operator.username,
    devices,
    authenticator,
    retained,
    broker,
    objects,
    history,
    log,
    info: () => ({
      service: "jetfleet-hub",
      fleet: options.fleet,
      contract: CONTRACT_VERSION,
      mqttUrl: record.mqttUrl,
      version: projectVersion,
    }),
  });
  const stop = async (): Promise<void> => {
    http.server.close();
    await broker.close();
    http.server.closeAllConnections();
    await http.close();
    await retained.settled();
    await history.close();
  };
  let record: HubRecord;
  try {
    const mqttPort = await listen(broker.server, options.host, options.mqttPort, previous?.mqttUrl);
    const httpPort = await listen(http.server, options.host, options.httpPort, previous?.httpUrl);
    record = recordOf(options, mqttPort, httpPort);
    await writeFileDurably(recordFile, `${JSON.stringify(record)}\n`, 0o644);
    await history.noteHub("hub-started", "The hub started", { version: projectVersion });
  } catch (error) {
    await stop();
    throw error;
  }
  return { record, stop };
}

function recordOf(options: HubOptions, mqttPort: number, httpPort: number): HubRecord {
  const host = options.advertise ?? options.host;
  const authority = host.includes(":") ? `[${host}]` : host;
  return {
    pid: process.pid,
    fleet: options.fleet,
    httpUrl: `http://${authority}:${httpPort}`,
    mqttUrl: `mqtt://${authority}:${mqttPort}`,
    startedAtMs: Date.now(),
  };
}

async function readRecord(file: string): Promise<HubRecord | null> {
  const bytes = await readIfThere(file);
  if (!bytes) return null;
  try {
    return HubRecord.parse(JSON.parse(bytes.toString("utf8")));
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
