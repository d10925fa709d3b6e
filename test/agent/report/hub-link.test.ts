import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { HubLink } from "../../../agent/report/hub-link.ts";

/** CONNACK of MQTT 5: accepted, no properties. */
const ACCEPTED = Buffer.from([0x20, 3, 0, 0, 0]);

let hub: Server;
let waits: number[];
let link: HubLink;

beforeEach(async () => {
  // A hub that takes every session and ends it at once, as one that is broken inside.
  hub = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(ACCEPTED));
  });
  await once(hub.listen(0, "127.0.0.1"), "listening");
  waits = [];
  link = new HubLink({
    config: {
      fleet: "demo",
      device: "door",
      mqttUrl: `mqtt://127.0.0.1:${(hub.address() as AddressInfo).port}`,
      username: "door",
      password: "secret",
    },
    presence: {
      next: () => Promise.resolve(),
      presence: (online: boolean) => ({ online }),
    } as never,
    log: {
      info: () => {},
      error: () => {},
      warn: (_text: string, { retryInMs }: { retryInMs: number }) => waits.push(retryInMs),
    } as never,
    onDesired: () => {},
    onConnected: () => {},
  });
});

afterEach(async () => {
  await link.stop();
  hub.close();
});

it("waits longer and longer for a hub that takes its session and drops it", async () => {
  link.start();
  await expect
    .poll(() => Math.max(0, ...waits), { timeout: 25_000, interval: 100 })
    .toBeGreaterThan(1000);
});
