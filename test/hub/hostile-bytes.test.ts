import { readdirSync, readFileSync } from "node:fs";
import { connect, type TLSSocket } from "node:tls";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FULL } from "../support/long-form.ts";
import { HubProcess, until } from "./running-hub.ts";

/** Connections with bytes of every kind: 10,000 of them with JETFLEET_TEST_FULL. */
const CONNECTIONS = FULL ? 10_000 : 150;
const AT_ONCE = 20;
const LINGER_MS = 300;
const SEED = Number(process.env["JETFLEET_TEST_SEED"] ?? Date.now() % 100_000);

let hub: HubProcess;
beforeAll(async () => {
  hub = await HubProcess.start();
  for (const device of ["door", "gate"]) await hub.certify(device);
});
afterAll(() => hub.remove());

/** What comes back for these bytes, until the hub ends the connection or says nothing more. */
function answerTo(pieces: readonly Uint8Array[], port: number, user = "gate"): Promise<string> {
  const pem = readFileSync(hub.identityFile(user), "utf8");
  const tls = { host: "127.0.0.1", port, ca: pem, cert: pem, key: pem, servername: "localhost" };
  return new Promise((resolve) => {
    let text = "";
    const socket: TLSSocket = connect(tls, () => {
      for (const piece of pieces) socket.write(piece);
      socket.setTimeout(LINGER_MS, () => socket.destroy());
    });
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.on("error", () => {});
    socket.once("close", () => resolve(text));
  });
}

const field = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};
const packet = (head: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([head, body.length]), body]);
};
const CONNECT = packet(0x10, field("MQTT"), Buffer.from([4, 2, 0, 60]), field("x"));
const STATS = "jetfleet/v1/demo/gate/stats";
const PACKETS = [
  CONNECT,
  packet(0x30, field(STATS), Buffer.from("{}")),
  packet(0x32, field(STATS), Buffer.from([0, 1]), Buffer.from("{}")),
  packet(0x35, field("jetfleet/v1/demo/gate/reported"), Buffer.from([0, 2, 123])),
  packet(0x82, Buffer.from([0, 3]), field("jetfleet/v1/demo/gate/desired"), Buffer.from([1])),
  packet(0xa2, Buffer.from([0, 4]), field("#")),
  packet(0x62, Buffer.from([0, 2])),
  packet(0x40, Buffer.from([0, 1])),
  packet(0xc0),
  packet(0xe0),
];

const mutated = fc
  .record({ of: fc.constantFrom(...PACKETS), at: fc.nat(60), byte: fc.nat(255), cut: fc.nat(80) })
  .map(({ of, at, byte, cut }) => {
    const bytes = Buffer.from(of);
    bytes[at % bytes.length] = byte;
    return bytes.subarray(0, Math.max(1, cut));
  });
const stream = fc.record({
  connects: fc.boolean(),
  rest: fc.array(fc.oneof(mutated, fc.constantFrom(...PACKETS), fc.uint8Array({ maxLength: 80 })), {
    maxLength: 12,
  }),
});

describe(`a hub under ${CONNECTIONS} connections of hostile bytes (JETFLEET_TEST_SEED=${SEED})`, () => {
  it("goes on as before, and holds nothing of them", async () => {
    const files = (): number => readdirSync(`/proc/${hub.pid}/fd`).length;
    const before = { pid: hub.pid, files: files() };
    const streams = fc.sample(stream, { numRuns: CONNECTIONS, seed: SEED });
    const port = Number(hub.mqttPort);
    while (streams.length > 0) {
      const some = streams.splice(0, AT_ONCE);
      await Promise.all(
        some.map(({ connects, rest }) => answerTo([...(connects ? [CONNECT] : []), ...rest], port)),
      );
    }
    await until("their sockets to be gone", () => files() <= before.files + 5);
    expect(hub.pid).toBe(before.pid);
    expect(hub.log).not.toMatch(/broker error|TypeError|RangeError/);
    const heard = hub.subscribe("operator", "jetfleet/v1/demo/door/stats", "-C", "1", "-W", "10");
    await until("a neighbour's telemetry", async () => {
      await hub.publish("door", "jetfleet/v1/demo/door/stats", "-m", "well");
      return (await Promise.race([heard, Promise.resolve(null)])) !== null;
    });
    expect((await heard).stdout).toBe("well\n");
  }, 900_000);
});

const GET = "GET /info HTTP/1.1\r\nhost: hub\r\n\r\n";
const PUT = `PUT /objects/sha256:${"0".repeat(64)} HTTP/1.1\r\nhost: hub\r\n`;

describe("a request that hides another", () => {
  it.each([
    [
      "length and chunks",
      `${PUT}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${GET}`,
    ],
    ["two lengths", `${PUT}content-length: 0\r\ncontent-length: ${GET.length}\r\n\r\n${GET}`],
    ["a signed length", `${PUT}content-length: +0\r\n\r\n${GET}`],
    ["a coding that is not chunked", `${PUT}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${GET}`],
    ["chunked twice", `${PUT}transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n${GET}`],
    ["a blank before the colon", `${PUT}content-length : 0\r\n\r\n${GET}`],
    ["a bare line feed", `GET /info HTTP/1.1\nhost: hub\n\n${GET}`],
    ["a folded header", `${PUT}transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n${GET}`],
    ["a chunk size of nonsense", `${PUT}transfer-encoding: chunked\r\n\r\n0x\r\n\r\n${GET}`],
    ["a NUL in a header", `${PUT}x: a\0b\r\n\r\n${GET}`],
  ])("by %s is refused as a whole", async (_how, text) => {
    const port = Number(new URL(hub.record.httpUrl).port);
    const answer = await answerTo([Buffer.from(text, "latin1")], port, "operator");
    expect(answer.match(/HTTP\/1\.1 \d+/g)?.filter((line) => !/ 4\d\d$/.test(line)) ?? []).toEqual(
      [],
    );
    expect(answer).not.toContain("jetfleet-hub");
  });

  it("is told apart from two that stand one behind the other", async () => {
    const port = Number(new URL(hub.record.httpUrl).port);
    const answer = await answerTo([Buffer.from(GET + GET)], port, "operator");
    expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  });

  it("is not answered behind many that did not wait for answers: the connection ends", async () => {
    const port = Number(new URL(hub.record.httpUrl).port);
    const answer = await answerTo([Buffer.from(GET.repeat(600))], port, "operator");
    expect(answer.match(/HTTP\/1\.1 200/g)?.length ?? 0).toBeLessThanOrEqual(4);
    expect(hub.log).toContain("it does not wait for answers");
  });
});
