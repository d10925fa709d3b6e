/**
 * What a board runs in place of the agent in tests of provisioning: comes online with the credentials it was given and
 * says what board it is. Bundled by `stub-runtime.ts`.
 */
import { readFileSync } from "node:fs";
import { connect } from "mqtt";

interface Config {
  fleet: string;
  device: string;
  mqttUrl: string;
  username: string;
  password: string;
}

const config = JSON.parse(readFileSync(process.argv.at(-1) ?? "", "utf8")) as Config;
const bootId = `boot-${Date.now()}-${process.pid}`;
const prefix = `jetfleet/v1/${config.fleet}/${config.device}`;
const presence = (online: boolean) => JSON.stringify({ online, bootId, seq: 1, atMs: Date.now() });
const will = {
  topic: `${prefix}/presence`,
  payload: Buffer.from(presence(false)),
  qos: 1,
  retain: true,
} as const;

const client = connect(config.mqttUrl, {
  username: config.username,
  password: config.password,
  protocolVersion: 4,
  reconnectOnConnackError: true,
  will,
});
client.on("connect", () => {
  client.publish(`${prefix}/presence`, presence(true), { qos: 1, retain: true });
  client.publish(`${prefix}/reported`, JSON.stringify(reported()), { qos: 1, retain: true });
});
client.on("error", (error) => console.log(error.message));

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
    board: {
      board: "agx-xavier",
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
