/**
 * What a board runs in place of the agent in tests of provisioning: comes online with the credentials it was given and
 * says what board it is. Bundled by `stub-runtime.ts`.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { connect } from "mqtt";
import { CARD_FACTS, parseCardFound } from "../../../../agent/board/facts.ts";
import { identityOf, readConfig } from "../../../../agent/config.ts";
import {
  installCertificate,
  requestCertificate,
} from "../../../../agent/identity/certificate-verbs.ts";

const [verb] = process.argv.slice(2);
const config = readConfig(process.argv[process.argv.indexOf("--config") + 1] ?? "");
const identity = identityOf(config);
const bootId = `boot-${Date.now()}-${process.pid}`;
const prefix = `jetfleet/v1/${config.fleet}/${config.device}`;
const presence = (online: boolean) => JSON.stringify({ online, bootId, seq: 1, atMs: Date.now() });
const card = existsSync(CARD_FACTS) ? parseCardFound(readFileSync(CARD_FACTS, "utf8")) : null;

const will = {
  topic: `${prefix}/presence`,
  payload: Buffer.from(presence(false)),
  qos: 1,
  retain: true,
} as const;

if (verb === "request-certificate") {
  requestCertificate(identity).then((request) => console.log(JSON.stringify(request)), fail);
} else if (verb === "install-certificate") {
  // A disk that is full at this very moment, where a test says so.
  if (existsSync(`${identity.identityFile}.refused`)) fail("ENOSPC: no space left");
  else installCertificate(identity, readFileSync(0, "utf8")).then(() => {}, fail);
} else if (readFileSync(join(dirname(process.argv[1] ?? ""), "version.txt"), "utf8") === "mute") {
  // Of a version that never reaches the hub.
  setInterval(() => {}, 1000);
} else run();

function run(): void {
  const pem = readFileSync(identity.identityFile, "utf8");
  const client = connect(config.mqttUrl, {
    ...{ ca: pem, cert: pem, key: pem },
    protocolVersion: 4,
    reconnectOnConnackError: true,
    will,
  });
  client.on("connect", () => {
    client.publish(`${prefix}/presence`, presence(true), { qos: 1, retain: true });
    const report = JSON.stringify(reported());
    client.publish(`${prefix}/reported`, report, { qos: 1, retain: true }, (error) => {
      if (!error) writeFileSync(join(dirname(identity.identityFile), "healthy"), "");
    });
  });
  client.on("error", (error) => console.log(error.message));
}

function fail(error: unknown): void {
  console.error(String(error));
  process.exitCode = 1;
}

function reported() {
  return {
    contract: 1,
    device: config.device,
    agentVersion: "0.0.0",
    bootId,
    atMs: Date.now(),
    generation: 0,
    update: { state: "idle", sinceMs: Date.now() },
    setDigest: null,
    labels: config.labels,
    board: {
      board: card === null ? "agx-xavier" : "x86",
      ...(card !== null && { card }),
      model: "",
      jetpack: null,
      l4t: null,
      powerMode: null,
      simulated: true,
      machine: "x86_64",
      node: process.version,
    },
    pipelines: [],
    error: null,
  };
}
