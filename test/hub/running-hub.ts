import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { HubClient, HubRecord } from "../../fleet/hub/client/index.ts";
import {
  createKey,
  IssuedCertificate,
  requestFor,
} from "../../fleet/transfer/identity/certificate-request.ts";
import type { Identity } from "../../fleet/transfer/identity/identity.ts";
import { IdentityFile } from "../../fleet/transfer/identity/identity-file.ts";
import { certifyDevice } from "./device-identity.ts";

const MAIN = fileURLToPath(new URL("../../fleet/hub/main.ts", import.meta.url));

/** A hub as its own process in a folder of its own, for tests. */
export class HubProcess {
  readonly dir: string;
  record!: HubRecord;
  log = "";
  #child!: ChildProcess;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async start(...args: string[]): Promise<HubProcess> {
    const hub = new HubProcess(await mkdtemp(path.join(tmpdir(), "jetfleet-hub-")));
    await hub.restart(...args);
    return hub;
  }

  get operatorFile(): string {
    return path.join(this.dir, "keys", "operator.pem");
  }

  get stateDir(): string {
    return path.join(this.dir, "hub");
  }

  get mqttPort(): string {
    return new URL(this.record.mqttUrl).port;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async restart(...args: string[]): Promise<void> {
    this.#child = spawnHub(this.stateDir, this.operatorFile, args);
    this.#child.stderr?.on("data", (chunk) => (this.log += String(chunk)));
    const lines = createInterface({ input: this.#child.stdout! });
    const [line] = (await Promise.race([
      once(lines, "line"),
      once(this.#child, "exit"),
    ])) as unknown[];
    if (typeof line !== "string") throw new Error(`the hub did not start: ${this.log}`);
    this.record = HubRecord.parse(JSON.parse(line));
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return null;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    return (await ended)[0] as number | null;
  }

  async remove(): Promise<void> {
    await this.end("SIGKILL");
    await rm(this.dir, { recursive: true });
  }

  client(): HubClient {
    return new HubClient({ httpUrl: this.record.httpUrl, identityFile: this.operatorFile });
  }

  /** Gives a device a key and a certificate of its own. */
  async certify(device: string): Promise<Identity> {
    return certifyDevice(this.client(), this.record.fleet, device, this.identityFile(device));
  }

  /** Another operator's certificate, as the first one may have it made. Returns the file. */
  async certifyOperator(name: string): Promise<string> {
    const keyPem = createKey();
    const peer = { kind: "operator", fleet: this.record.fleet, name } as const;
    const body = JSON.stringify(requestFor(peer, keyPem));
    const json = ["-X", "PUT", "-H", "content-type: application/json", "--data", body];
    const { stdout } = await this.curl("operator", `/operators/${name}/certificate`, ...json);
    const { certificate, ca } = IssuedCertificate.parse(JSON.parse(stdout));
    const file = this.identityFile(name);
    await new IdentityFile(file).replace({ keyPem, certificatePem: certificate, caPem: ca }, peer);
    return file;
  }

  /** One PEM file holds all that a client needs: key, certificate, CA. */
  identityFile(user: string): string {
    return user === "operator" ? this.operatorFile : path.join(this.dir, "keys", `${user}.pem`);
  }

  /** Independent peers: Mosquitto's clients and curl. */
  publish(user: string, topic: string, ...args: string[]): Promise<Outcome> {
    return outcomeOf("mosquitto_pub", [...this.mqttLogin(user), "-t", topic, ...args]);
  }

  subscribe(user: string, topic: string, ...args: string[]): Promise<Outcome> {
    return outcomeOf("mosquitto_sub", [...this.mqttLogin(user), "-t", topic, ...args]);
  }

  curl(user: string | null, route: string, ...args: string[]): Promise<Outcome> {
    const fixed = ["--silent", "--path-as-is", "--max-time", "10", "--cacert", this.operatorFile];
    if (user !== null) fixed.push("--cert", this.identityFile(user));
    return outcomeOf("curl", [...fixed, ...args, this.record.httpUrl + route]);
  }

  run(command: string, args: string[]): Promise<Outcome> {
    return outcomeOf(command, args);
  }

  /** With the files of `user`, or with none but the CA's. */
  mqttLogin(user: string | null): string[] {
    const server = ["-h", "127.0.0.1", "-p", this.mqttPort, "--cafile", this.operatorFile];
    if (user === null) return server;
    const file = this.identityFile(user);
    return [...server, "--cert", file, "--key", file];
  }
}

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the hub's main.ts, also where it is expected to fail. */
export function spawnHub(stateDir: string, operatorFile: string, args: string[]): ChildProcess {
  const fixed = ["--dir", stateDir, "--fleet", "demo", "--operator-file", operatorFile];
  return spawn(process.execPath, [MAIN, ...fixed, ...args], { stdio: ["ignore", "pipe", "pipe"] });
}

export function outcomeOf(command: string, args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(command, args, { encoding: "utf8" }, (error, stdout, stderr) => {
      const code = error ? Number(error.code ?? 1) : 0;
      resolve({ code, stdout, stderr });
    });
  });
}

/** Waits until `check` holds; fails after twenty seconds with what was awaited. */
export async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
