import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ShapedSocket } from "../../../fleet/sim/board/shaped-socket.ts";

const PIECES = 200;
const PIECE_BYTES = 1_000;

let server: Server;
let near: Socket;
let shaped: ShapedSocket;

beforeAll(async () => {
  server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  near = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [far] = (await once(server, "connection")) as [Socket];
  shaped = new ShapedSocket(far, { sshBytesPerSecond: 400_000, sshDelayMs: 20 });
});
afterAll(() => {
  near.destroy();
  server.close();
});

/** Keeps the event loop from its timers, as a digest of a large file does. */
function busy(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test("a slow link brings all bytes in their order, however busy whoever plays it is", async () => {
  const sent = Buffer.alloc(PIECES * PIECE_BYTES, 0).map((_, at) => Math.floor(at / PIECE_BYTES));
  const received: number[] = [];
  shaped.on("data", (data: Buffer) => {
    for (const byte of data) received.push(byte);
  });
  near.setNoDelay();
  for (let at = 0; at < PIECES; at += 1) {
    near.write(sent.subarray(at * PIECE_BYTES, (at + 1) * PIECE_BYTES));
    await new Promise((resolve) => setImmediate(resolve));
    busy(at % 7);
  }
  await expect.poll(() => received.length, { timeout: 20_000 }).toBe(sent.length);
  expect(Buffer.from(received).equals(sent)).toBe(true);
});
