import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newPrivateKeyPem, publicPemOf } from "../../fleet/release/index.ts";
import { CertificateRequest } from "../../fleet/transfer/identity/certificate-request.ts";
import { IdentityFile } from "../../fleet/transfer/identity/identity-file.ts";
import { HubProcess, until } from "../hub/running-hub.ts";
import { NODE_16 } from "./support/world.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const noFaketime = spawnSync("faketime", ["--version"]).error !== undefined;
const why = noFaketime ? " (skipped: no faketime)" : "";

let built: string;
let hub: HubProcess;
let folder: string;
let agent: ChildProcess | null = null;
let log: string;

beforeAll(() => {
  built = mkdtempSync(path.join(tmpdir(), "jetfleet-bundle-"));
  execFileSync(process.execPath, [
    path.join(ROOT, "agent/build.mjs"),
    path.join(built, "agent.cjs"),
  ]);
});
afterAll(() => rmSync(built, { recursive: true, force: true }));

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "jetfleet-identity-"));
  log = "";
});
afterEach(async () => {
  await stopAgent();
  await hub.remove();
  rmSync(folder, { recursive: true, force: true });
});

const bundle = (): string => path.join(built, "agent.cjs");
const configFile = (): string => path.join(folder, "agent.json");
const identityFile = (): IdentityFile => new IdentityFile(path.join(folder, "identity.pem"));

function verb(name: string, input = ""): string {
  const args = [bundle(), name, "--config", configFile()];
  return execFileSync(NODE_16, args, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] });
}

/** As `up` does over SSH: configuration, key on the device, certificate by the hub. */
async function provision(): Promise<void> {
  const { fleet, httpUrl, mqttUrl } = hub.record;
  const config = {
    ...{ fleet, device: "door", board: "tx2", hubUrl: httpUrl, mqttUrl, stateDir: folder },
    fleetPublicKey: publicPemOf(newPrivateKeyPem()),
  };
  writeFileSync(configFile(), JSON.stringify(config), { mode: 0o600 });
  const request = CertificateRequest.parse(JSON.parse(verb("request-certificate")));
  verb("install-certificate", JSON.stringify(await hub.client().certifyDevice("door", request)));
}

/** `clock` as faketime understands it; null for the right time. */
function startAgent(clock: string | null = null): void {
  const run = [NODE_16, bundle(), "run", "--config", configFile()];
  const [command = "", ...args] = clock === null ? run : ["faketime", "-f", clock, ...run];
  // Deadlines go by the clock that does not jump, on a board too.
  const env = { ...process.env, DONT_FAKE_MONOTONIC: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1" };
  // A group of its own: faketime starts the agent as a child, which would outlive it.
  agent = spawn(command, args, { env, detached: true });
  for (const stream of [agent.stdout, agent.stderr]) {
    stream?.on("data", (chunk) => (log += String(chunk)));
  }
}

async function stopAgent(): Promise<void> {
  if (agent && agent.exitCode === null && agent.signalCode === null) {
    const gone = once(agent, "exit");
    process.kill(-(agent.pid ?? 0), "SIGKILL");
    await gone;
  }
  agent = null;
}

async function presence(): Promise<{ online?: boolean; seq?: number }> {
  const bytes = await hub.client().getRetained("door", "presence");
  return JSON.parse(Buffer.from(bytes ?? []).toString() || "{}") as object;
}

describe("a device's identity", () => {
  beforeEach(async () => {
    hub = await HubProcess.start();
  });

  it("is made on the device: the private key is in one file, and nothing secret is printed", async () => {
    await provision();
    const file = path.join(folder, "identity.pem");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const request = verb("request-certificate");
    expect(request).not.toContain("PRIVATE");
    expect(statSync(`${file}.next-key`).mode & 0o777).toBe(0o600);
    startAgent();
    await until("the device to be online", async () => (await presence()).online === true);
    const secret = readFileSync(file, "utf8").split("\n")[1] ?? "";
    const said = log + hub.log + readFileSync(configFile(), "utf8");
    expect(secret.length).toBeGreaterThan(40);
    expect(said).not.toContain(secret);
  });

  it("that was asked for and never installed leaves the one before in use", async () => {
    await provision();
    const before = identityFile().current().serial;
    verb("request-certificate");
    expect(identityFile().current().serial).toBe(before);
    expect(() => verb("install-certificate", "{}")).toThrow(/certificate, ca/);
    expect(identityFile().current().serial).toBe(before);
    startAgent();
    await until("the device to be online", async () => (await presence()).online === true);
  });

  it("that is missing keeps the agent running, which says what helps", async () => {
    await provision();
    rmSync(path.join(folder, "identity.pem"));
    startAgent();
    await until("the reason in the log", () => log.includes("Expected a key and its certificate"));
    expect(agent?.exitCode).toBeNull();
  });

  it.skipIf(noFaketime).each([
    ["1970", "@1970-01-01 00:10:00"],
    ["2099", "@2099-06-01 00:00:00"],
  ])(`gets a device through whose clock says %s${why}`, async (_year, clock) => {
    await provision();
    startAgent(clock);
    await until("the device to be online", async () => (await presence()).online === true);
  });

  it.skipIf(noFaketime)(`does not let a wrong clock trust another fleet's hub${why}`, async () => {
    await provision();
    const other = await HubProcess.start();
    const { httpUrl: hubUrl, mqttUrl } = other.record;
    const config = JSON.parse(readFileSync(configFile(), "utf8")) as object;
    writeFileSync(configFile(), JSON.stringify({ ...config, hubUrl, mqttUrl }));
    startAgent("@1970-01-01 00:10:00");
    await until("the refusal", () => log.includes("Expected the hub of this fleet but got"));
    await other.remove();
  });
});

describe("renewal", () => {
  it("goes on while telemetry flows, and ends what was before", async () => {
    hub = await HubProcess.start("--certificate-life", "12");
    await provision();
    const first = identityFile().current();
    const old = path.join(folder, "old.pem");
    writeFileSync(old, readFileSync(path.join(folder, "identity.pem")), { mode: 0o600 });
    startAgent();
    const gaps = await statsFor(24_000);
    // Of a certificate that is good for 12 seconds, 24 seconds see three.
    const last = identityFile().current();
    expect(last.serial).not.toBe(first.serial);
    expect(last.term.untilMs - first.term.untilMs).toBeGreaterThan(12_000);
    expect(Math.max(...gaps)).toBeLessThan(4000);
    expect(gaps.length).toBeGreaterThan(15);
    expect(log).toContain("the certificate is renewed");
    const login = [...hub.mqttLogin(null), "--cert", old, "--key", old];
    const refused = await hub.run("mosquitto_pub", [...login, "-t", "x", "-m", "x"]);
    expect(refused.code).not.toBe(0);
    // The hub's own has changed meanwhile too, and so has the operator's.
    expect(hub.log).toContain("the hub has a new certificate");
    await expect(hub.client().info()).resolves.toMatchObject({ fleet: "demo" });
  }, 90_000);

  /** Milliseconds between the device's figures, as they came in during this time. */
  async function statsFor(ms: number): Promise<number[]> {
    const link = await hub.client().connectMqtt();
    const at: number[] = [];
    await link.subscribe("door", "stats", () => at.push(performance.now()));
    await until("the first figures", () => at.length > 0);
    const end = performance.now() + ms;
    while (performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 100));
    await link.close();
    return at.slice(1).map((time, index) => time - (at[index] ?? time));
  }
});
