// Attacks on a hub, from a process and an address of their own: node attacker.ts KIND PORT IDENTITY SECONDS
import { readFileSync } from "node:fs";
import { connect as connectPlain, type Socket } from "node:net";
import path from "node:path";
import { connect } from "node:tls";

const [kind = "", port = "0", identity = "", seconds = "1"] = process.argv.slice(2);
const FROM = "127.0.0.66";
const endMs = Date.now() + Number(seconds) * 1000;
const counts = { opened: 0, refused: 0, bytes: 0 };
const held = new Set<Socket>();

const pem = identity === "" ? "" : readFileSync(identity, "utf8");
const to = { host: "127.0.0.1", port: Number(port), localAddress: FROM };
const tls = { ...to, ca: pem, servername: "localhost" };

function plain(): Socket {
  const socket = connectPlain(to);
  held.add(socket);
  socket.once("connect", () => (counts.opened += 1));
  socket.once("close", () => held.delete(socket));
  socket.on("error", () => (counts.refused += 1));
  return socket;
}

/** CONNECT of MQTT 3.1.1. */
function hello(clientId: string): Buffer {
  const fixed = [0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, clientId.length];
  const head = Buffer.from([16, fixed.length + clientId.length, ...fixed]);
  return Buffer.concat([head, Buffer.from(clientId)]);
}

/** 24 sessions of an operator that subscribe to everything, and come again when they were ended. */
function subscribe(reads: boolean): void {
  if (held.size >= 24) return;
  counts.opened += 1;
  const socket = connect({ ...tls, cert: pem, key: pem });
  held.add(socket);
  const topic = Buffer.from("jetfleet/v1/demo/#");
  const body = Buffer.concat([Buffer.from([0, 1, 0, topic.length]), topic, Buffer.from([0])]);
  socket.write(hello(String(counts.opened)));
  socket.write(Buffer.concat([Buffer.from([0x82, body.length]), body]));
  if (reads) socket.on("data", ({ length }: Buffer) => (counts.bytes += length));
  else socket.once("data", () => socket.pause());
  socket.on("error", () => (counts.refused += 1));
  // Who does not read hears of its end only when it writes: PINGREQ.
  const asking = setInterval(() => socket.write(Buffer.from([0xc0, 0])), 200);
  socket.once("close", () => {
    held.delete(socket);
    clearInterval(asking);
  });
}

/** A device that publishes as fast as its socket takes it; `first` is the first byte of PUBLISH. */
function flood(channel: string, payloadBytes: number, first = 0x30): void {
  if (counts.opened > 0) return;
  counts.opened += 1;
  const socket = connect({ ...tls, cert: pem, key: pem });
  const device = path.basename(identity, ".pem");
  const topic = Buffer.from(`jetfleet/v1/demo/${device}/${channel}`);
  // One number for all: each was acknowledged by the time that it comes again, or is the same again.
  const id = Buffer.from((first & 6) === 0 ? [] : [0, 1]);
  const bodyBytes = 2 + topic.length + id.length + payloadBytes;
  const length = [(bodyBytes & 0x7f) | 0x80, ((bodyBytes >> 7) & 0x7f) | 0x80, bodyBytes >> 14];
  const head = Buffer.from([first, ...length, 0, topic.length]);
  const message = Buffer.concat([head, topic, id, Buffer.alloc(payloadBytes, "x")]);
  const chunk = Buffer.concat(
    Array.from({ length: Math.ceil((1 << 16) / message.length) }, () => message),
  );
  const pump = (): void => {
    while (!socket.destroyed && socket.writable) {
      counts.bytes += chunk.length;
      if (!socket.write(chunk)) return;
    }
  };
  socket.write(hello("flood"));
  socket.once("data", pump);
  socket.on("drain", pump);
  socket.on("error", () => (counts.refused += 1));
}

/** A device that subscribes again and again to the 1 MiB that is retained for it, and reads all of it. */
function subscribeAgain(): void {
  if (counts.opened > 0) return;
  counts.opened += 1;
  const socket = connect({ ...tls, cert: pem, key: pem });
  const topic = Buffer.from(`jetfleet/v1/demo/${path.basename(identity, ".pem")}/desired`);
  const body = Buffer.concat([Buffer.from([0, 1, 0, topic.length]), topic, Buffer.from([1])]);
  const once = Buffer.concat([Buffer.from([0x82, body.length]), body]);
  let asked = 0;
  socket.write(hello("again"));
  socket.on("data", ({ length }: Buffer) => {
    counts.bytes += length;
    for (; asked < 16 + Math.floor(counts.bytes / 2 ** 20); asked += 1) socket.write(once);
  });
  socket.on("error", () => (counts.refused += 1));
}

const ATTACKS: Record<string, () => void> = {
  /** Handshakes without a certificate, as fast as they go. */
  strangers: () => {
    if (held.size >= 200) return;
    const raw = plain();
    const socket = connect({ ...tls, socket: raw, rejectUnauthorized: false });
    socket.on("error", () => raw.destroy());
    socket.on("end", () => raw.destroy());
    socket.write("x");
  },
  /** Connections that never say a word. */
  idle: () => {
    if (held.size < 2500) plain().resume();
  },
  /** A device that sends a body nobody asked for. */
  body: () => {
    if (counts.opened > 0) return;
    counts.opened += 1;
    const socket = connect({ ...tls, cert: pem, key: pem });
    const chunk = Buffer.alloc(1 << 16);
    socket.write(
      `PUT /objects/sha256:${"0".repeat(64)} HTTP/1.1\r\nhost: hub\r\ncontent-length: 3200000000\r\n\r\n`,
    );
    const pump = (): void => {
      while (!socket.destroyed && socket.writable) {
        counts.bytes += chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    socket.on("drain", pump);
    socket.on("error", () => (counts.refused += 1));
    socket.once("secureConnect", pump);
    socket.resume();
  },
  /** A device that asks for what it may not have, without waiting for answers, on as many connections as it may hold. */
  requests: () => {
    if (held.size >= 32) return;
    counts.opened += 1;
    const socket = connect({ ...tls, cert: pem, key: pem });
    held.add(socket);
    socket.once("close", () => held.delete(socket));
    const request = `HEAD /objects/sha256:${"0".repeat(64)} HTTP/1.1\r\nhost: hub\r\n\r\n`;
    const pump = (): void => {
      while (!socket.destroyed && socket.writable) if (!socket.write(request.repeat(100))) return;
    };
    socket.on("drain", pump);
    socket.on("error", () => (counts.refused += 1));
    socket.on("data", ({ length }: Buffer) => (counts.bytes += length));
    socket.once("secureConnect", pump);
  },
  /** A device with a good certificate that opens connections and keeps them. */
  hoard: () => {
    if (held.size >= 400) return;
    const raw = plain();
    const socket = connect({ ...tls, cert: pem, key: pem, socket: raw });
    socket.on("error", () => raw.destroy());
    socket.resume();
  },
  deaf: () => subscribe(false),
  listening: () => subscribe(true),
  again: subscribeAgain,
  "flood-large": () => flood("detections/entrance", 16 << 10),
  "flood-small": () => flood("detections/entrance", 20),
  "flood-acknowledged": () => flood("detections/entrance", 1 << 10, 0x32),
  "flood-events": () => flood("events", 2 << 10, 0x32),
  "flood-state": () => flood("reported", 64 << 10, 0x33),
};

const attack = ATTACKS[kind];
if (!attack) throw new Error(`no attack ${kind}`);
const step = (): void => {
  if (Date.now() > endMs) {
    process.stdout.write(`${JSON.stringify(counts)}\n`, () => process.exit(0));
    return;
  }
  for (let at = 0; at < 20; at += 1) attack();
  setTimeout(step, 10);
};
step();
