import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Link } from "./link.ts";

const BYTES = 250_000;
/** 8 Mbit/s: a byte a microsecond. */
const RATE = 8e6;

let echo: Server;
let port: number;
beforeAll(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  await once(echo.listen(0, "127.0.0.1"), "listening");
  ({ port } = echo.address() as AddressInfo);
});
afterAll(() => void echo.close());

/** Sends bytes there and back; resolves to how many came back. */
async function there(at: number): Promise<number> {
  const socket = connect(at, "127.0.0.1");
  socket.end(Buffer.alloc(BYTES, 7));
  let bytes = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) bytes += chunk.length;
  return bytes;
}

test("a link counts what passes, and two connections share its rate", async () => {
  const link = new Link(RATE);
  const [ssh, hub] = [await link.open(port, "machine"), await link.open(port, "board")];
  const beganMs = performance.now();
  expect(await Promise.all([there(ssh), there(hub)])).toEqual([BYTES, BYTES]);
  // Of each direction twice as many: one there, the other back.
  expect(performance.now() - beganMs).toBeGreaterThan((2 * BYTES) / 1000);
  expect(link.passed).toEqual({ toBoard: 2 * BYTES, fromBoard: 2 * BYTES });
  link.close();
});
