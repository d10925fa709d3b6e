import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:tls";
import { afterEach, beforeEach, expect, it } from "vitest";
import { HubLink } from "../../../agent/report/hub-link.ts";
import { TestFleet } from "../../hub/test-fleet.ts";

/** CONNACK of MQTT 5: accepted, no properties. */
const ACCEPTED = Buffer.from([0x20, 3, 0, 0, 0]);

let fleet: TestFleet;
let hub: Server;
let waits: number[];
/** The hub keeps sessions and says nothing more, as a network that swallows all. */
let silent: boolean;
let link: HubLink;

beforeEach(async () => {
  // A hub that takes every session and ends it at once, as one that is broken inside.
  fleet = await TestFleet.make("demo");
  hub = createServer(fleet.server, (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => (silent ? socket.write(ACCEPTED) : socket.end(ACCEPTED)));
  });
  await once(hub.listen(0, "127.0.0.1"), "listening");
  waits = [];
  silent = false;
  link = new HubLink({
    config: {
      fleet: "demo",
      device: "door",
      mqttUrl: `mqtts://127.0.0.1:${(hub.address() as AddressInfo).port}`,
    },
    connector: await fleet.connector("door"),
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
  fleet.remove();
});

it("waits longer and longer for a hub that takes its session and drops it", async () => {
  link.start();
  await expect
    .poll(() => Math.max(0, ...waits), { timeout: 25_000, interval: 100 })
    .toBeGreaterThan(1000);
});

it("stops in time on a network that acknowledges nothing any more", async () => {
  silent = true;
  link.start();
  await expect.poll(() => link.connected, { timeout: 15_000 }).toBe(true);
  void link.publishRaw("events", "{}");
  const beganMs = performance.now();
  await link.stop();
  expect(performance.now() - beganMs).toBeLessThan(5000);
}, 40_000);
