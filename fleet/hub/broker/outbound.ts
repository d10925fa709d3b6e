import { Writable } from "node:stream";
import type { TLSSocket } from "node:tls";

/** A reconnecting operator's first read of a thousand devices fits. */
const MOST_UNREAD_BYTES = 64 << 20;
/** With at least this much waiting, a session of which nothing leaves for so long is given up. */
const STALLED_BYTES = 256 << 10;
const STALLED_MS = 15_000;
const LOOK_MS = 1000;

/**
 * What the broker sends to one session. It takes everything at once, so that no session's slowness is another's: the
 * broker would wait with its next message for the slowest reader. Who does not read is ended, by amount and by time.
 */
export function outboundOf(socket: TLSSocket, onStalled: (unreadBytes: number) => void): Writable {
  let leftBytes = 0;
  let leftAtMs = performance.now();
  const giveUp = (): void => {
    onStalled(socket.writableLength);
    socket.destroy();
  };
  const timer = setInterval(() => {
    const left = socket.bytesWritten - socket.writableLength;
    if (left !== leftBytes || socket.writableLength < STALLED_BYTES) {
      [leftBytes, leftAtMs] = [left, performance.now()];
    } else if (performance.now() - leftAtMs >= STALLED_MS) giveUp();
  }, LOOK_MS).unref();
  socket.once("close", () => clearInterval(timer));
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      if (!socket.destroyed && socket.writable) {
        socket.write(chunk);
        if (socket.writableLength > MOST_UNREAD_BYTES) giveUp();
      }
      done();
    },
    final(done) {
      socket.end();
      done();
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
}
