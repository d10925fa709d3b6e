import { createHash, randomBytes } from "node:crypto";
import { createSocket, type Socket as Datagram } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type Clip, makeClip } from "./clip.ts";
import { Stream, type StreamFaults } from "./stream.ts";

/** `clip` is in the codec of the one that plays. */
export type Track = "h264" | "h265" | "jpeg" | "mpeg4" | "audio";

export interface CameraOptions extends StreamFaults {
  clip?: Clip;
  /** Pictures a second; the clip's own by default. */
  fps?: number;
  tags?: boolean;
  reportMs?: number | null;
  /** In the order of the session description. */
  tracks?: Track[];
  /** Others are answered with 461. */
  transports?: ("tcp" | "udp")[];
  auth?: { scheme: "basic" | "md5" | "sha256"; user: string; password: string };
  /** PEM. */
  tls?: { key: string; cert: string };
  /** A session ends when no request came for so long. Told to the client unless `secretly`. */
  sessionSeconds?: number;
  secretly?: boolean;
  /** Parameter sets are told in the session description. */
  sprop?: boolean;
  /** Answers every DESCRIBE so. */
  describeStatus?: string;
  /** Packets over this transport never arrive. */
  silentOver?: "tcp" | "udp";
  /** Accepts connections and says nothing. */
  mute?: boolean;
}

const PAYLOAD_TYPES: Record<Track, number> = { h264: 96, h265: 97, jpeg: 26, mpeg4: 98, audio: 0 };

interface Session {
  streams: Stream[];
  sockets: Datagram[];
  lastRequest: number;
  /** By track: how its packets reach the client. */
  send: Map<number, { rtp: (packet: Buffer) => void; rtcp: (packet: Buffer) => void }>;
}

/** RFC 7798, 7.1. */
function spropH265(sets: readonly Buffer[]): string {
  const names = ["vps", "sps", "pps"];
  return sets.map((set, i) => `sprop-${names[i]}=${set.toString("base64")}`).join(";");
}

/** An RTSP server with one stream, at `/cam`. */
export class RtspCamera {
  readonly options: CameraOptions;
  /** Every request, as "METHOD track transport". */
  readonly requests: string[] = [];
  readonly #clip: Clip;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #nonce = randomBytes(8).toString("hex");
  readonly #watch: NodeJS.Timeout;
  #sessions = new Map<Socket, Session>();
  #port = 0;

  constructor(options: CameraOptions = {}) {
    this.options = options;
    this.#clip = options.clip ?? makeClip();
    const onSocket = (socket: Socket): void => this.#accept(socket);
    this.#server = options.tls ? createTlsServer(options.tls, onSocket) : createServer(onSocket);
    this.#watch = setInterval(() => this.#endSilentSessions(), 100);
  }

  /** Where another one was. */
  startAt(port: number): Promise<this> {
    this.#port = port;
    return this.start();
  }

  async start(): Promise<this> {
    await new Promise<void>((ready) => this.#server.listen(this.#port, "127.0.0.1", ready));
    const address = this.#server.address();
    if (address !== null && typeof address === "object") this.#port = address.port;
    return this;
  }

  /** Closes every connection and stops listening; `start` opens the same port again. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watch);
    await this.stop();
  }

  uri(credentials = ""): string {
    const scheme = this.options.tls ? "rtsps" : "rtsp";
    return `${scheme}://${credentials && `${credentials}@`}127.0.0.1:${this.#port}/cam`;
  }

  #endSilentSessions(): void {
    const { sessionSeconds } = this.options;
    if (sessionSeconds === undefined) return;
    for (const [socket, session] of this.#sessions) {
      if (performance.now() - session.lastRequest > sessionSeconds * 1000) socket.destroy();
    }
  }

  #accept(socket: Socket): void {
    const session: Session = {
      streams: [],
      sockets: [],
      lastRequest: performance.now(),
      send: new Map(),
    };
    this.#sockets.add(socket);
    this.#sessions.set(socket, session);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      for (const stream of session.streams) stream.stop();
      for (const datagram of session.sockets) datagram.close();
      this.#sockets.delete(socket);
      this.#sessions.delete(socket);
    });
    let received = Buffer.alloc(0);
    socket.on("data", (bytes) => {
      received = Buffer.concat([received, bytes]);
      while (received.length > 0) {
        if (received[0] === 0x24) {
          const size =
            received.length < 4 ? Number.POSITIVE_INFINITY : 4 + received.readUInt16BE(2);
          if (received.length < size) return;
          received = received.subarray(size);
          continue;
        }
        const end = received.indexOf("\r\n\r\n");
        if (end < 0) return;
        const request = received.subarray(0, end).toString("latin1");
        const body = Number(/^content-length: *(\d+)/im.exec(request)?.[1] ?? 0);
        received = received.subarray(end + 4 + body);
        if (!this.options.mute) this.#answer(socket, session, request);
      }
    });
  }

  #answer(socket: Socket, session: Session, request: string): void {
    const [method = "", url = ""] = request.split(" ", 2);
    session.lastRequest = performance.now();
    const transport = /^transport: *(.*)$/im.exec(request)?.[1] ?? "";
    const track = Number(/track=(\d+)/.exec(url)?.[1] ?? -1);
    this.requests.push([method, track >= 0 ? `${track}` : "", transport].join(" ").trim());
    const sequence = /^cseq: *(\d+)/im.exec(request)?.[1] ?? "0";
    const reply = (status: string, headers: string[] = [], body = ""): void => {
      const length = body ? [`Content-Length: ${Buffer.byteLength(body)}`] : [];
      const lines = [`RTSP/1.0 ${status}`, `CSeq: ${sequence}`, ...headers, ...length, "", body];
      if (!socket.destroyed) socket.write(lines.join("\r\n"));
    };
    if (method !== "OPTIONS" && !this.#isAllowed(method, request)) {
      return reply("401 Unauthorized", [this.#challenge()]);
    }
    switch (method) {
      case "OPTIONS":
        return reply("200 OK", ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"]);
      case "DESCRIBE": {
        const status = this.options.describeStatus;
        if (status !== undefined) return reply(status);
        const base = `Content-Base: ${url}/`;
        return reply("200 OK", ["Content-Type: application/sdp", base], this.#description());
      }
      case "SETUP":
        return this.#setUp(socket, session, track, transport, reply);
      case "PLAY":
        reply("200 OK", ["Session: 7"]);
        return this.#play(socket, session);
      case "TEARDOWN":
        reply("200 OK", ["Session: 7"]);
        socket.end();
        return;
      default:
        return reply("200 OK", ["Session: 7"]);
    }
  }

  #setUp(
    socket: Socket,
    session: Session,
    track: number,
    transport: string,
    reply: (status: string, headers?: string[]) => void,
  ): void {
    const { transports = ["tcp", "udp"], sessionSeconds, secretly } = this.options;
    const kind = /tcp|interleaved/i.test(transport) ? "tcp" : "udp";
    if (!transports.includes(kind)) return reply("461 Unsupported transport");
    const timeout = sessionSeconds === undefined || secretly ? "" : `;timeout=${sessionSeconds}`;
    const headers = (chosen: string): string[] => [`Session: 7${timeout}`, `Transport: ${chosen}`];
    if (kind === "tcp") {
      const channel = Number(/interleaved=(\d+)/.exec(transport)?.[1] ?? 2 * track);
      const via = (on: number) => (packet: Buffer) => {
        if (socket.destroyed) return;
        const head = Buffer.from([0x24, on, 0, 0]);
        head.writeUInt16BE(packet.length, 2);
        socket.write(Buffer.concat([head, packet]));
      };
      session.send.set(track, { rtp: via(channel), rtcp: via(channel + 1) });
      return reply("200 OK", headers(`RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`));
    }
    const port = Number(/client_port=(\d+)/.exec(transport)?.[1] ?? 0);
    const datagram = createSocket("udp4");
    session.sockets.push(datagram);
    datagram.bind(0, "127.0.0.1", () => {
      const blocked = this.options.silentOver === "udp";
      const via = (to: number) => (packet: Buffer) => {
        if (!socket.destroyed && !blocked) datagram.send(packet, to, "127.0.0.1");
      };
      session.send.set(track, { rtp: via(port), rtcp: via(port + 1) });
      const own = datagram.address().port;
      reply(
        "200 OK",
        headers(`RTP/AVP;unicast;client_port=${port}-${port + 1};server_port=${own}-${own + 1}`),
      );
    });
  }

  #play(socket: Socket, session: Session): void {
    const { tracks = ["h264"], fps = this.#clip.fps, tags = true, reportMs = null } = this.options;
    for (const [track, { rtp, rtcp }] of session.send) {
      const kind = tracks[track];
      if (kind === undefined || kind === "audio" || kind === "mpeg4") continue;
      session.streams.push(
        new Stream({
          ...this.options,
          ...{ clip: this.#clip, fps, tags, reportMs, payloadType: PAYLOAD_TYPES[kind] },
          send: rtp,
          sendReport: rtcp,
          close: () => socket.destroy(),
        }),
      );
    }
  }

  #description(): string {
    const { tracks = ["h264"], sprop = true } = this.options;
    const sets = this.#clip.parameterSets;
    const spropSets = sets.map((set) => set.toString("base64")).join(",");
    const profile = sets[0]?.subarray(1, 4).toString("hex") ?? "42001e";
    const lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=camera", "t=0 0"];
    for (const [i, track] of tracks.entries()) {
      const type = PAYLOAD_TYPES[track];
      const fmtp = `a=fmtp:${type} packetization-mode=1;profile-level-id=${profile}`;
      const about: Record<Track, string[]> = {
        h264: [
          `a=rtpmap:${type} H264/90000`,
          sprop ? `${fmtp};sprop-parameter-sets=${spropSets}` : fmtp,
        ],
        h265: [
          `a=rtpmap:${type} H265/90000`,
          ...(sprop && this.#clip.codec === "h265" ? [`a=fmtp:${type} ${spropH265(sets)}`] : []),
        ],
        jpeg: [`a=rtpmap:${type} JPEG/90000`],
        mpeg4: [`a=rtpmap:${type} MP4V-ES/90000`],
        audio: [`a=rtpmap:${type} PCMU/8000`],
      };
      lines.push(
        `m=${track === "audio" ? "audio" : "video"} 0 RTP/AVP ${type}`,
        "c=IN IP4 0.0.0.0",
      );
      lines.push(...about[track], `a=control:track=${i}`);
    }
    return `${lines.join("\r\n")}\r\n`;
  }

  #challenge(): string {
    const scheme = this.options.auth?.scheme;
    if (scheme === "basic") return 'WWW-Authenticate: Basic realm="camera"';
    const algorithm = scheme === "sha256" ? ", algorithm=SHA-256" : "";
    return `WWW-Authenticate: Digest realm="camera", nonce="${this.#nonce}"${algorithm}`;
  }

  #isAllowed(method: string, request: string): boolean {
    const { auth } = this.options;
    if (auth === undefined) return true;
    const given = /^authorization: *(.*)$/im.exec(request)?.[1] ?? "";
    if (auth.scheme === "basic") {
      return given === `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString("base64")}`;
    }
    const field = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(given)?.[1] ?? "";
    const hash = (text: string): string =>
      createHash(auth.scheme === "sha256" ? "sha256" : "md5")
        .update(text)
        .digest("hex");
    const secret = hash(`${auth.user}:camera:${auth.password}`);
    return (
      field("response") === hash(`${secret}:${this.#nonce}:${hash(`${method}:${field("uri")}`)}`)
    );
  }
}
