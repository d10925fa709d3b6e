import { type Clip, frameTag, isParameterSet, tagged } from "./clip.ts";
import { type Packetiser, packPicture, senderReport, VIDEO_CLOCK } from "./rtp.ts";

/** What goes wrong on the way, by the number of the picture in order of sending. */
export interface StreamFaults {
  /** Begins with this picture of the clip instead of a key picture. */
  startAt?: number;
  /** Nothing leaves for so long; then all that was due follows at once. */
  stall?: { at: number; ms: number };
  /** The camera itself stands still for so long, and goes on where it was. */
  freeze?: { at: number; ms: number };
  /** Packets that get lost, by picture and place in it (-1: the last). */
  lose?: (picture: number, packet: number, packets: number) => boolean;
  /** Pictures that are not sent at all; their numbers are skipped. */
  skip?: (picture: number) => boolean;
  /** The connection is closed before this picture. */
  closeAt?: number;
  /** Goes on with this clip from there on. */
  change?: { at: number; to: Clip };
  /** Changes the bytes of a picture. */
  corrupt?: (nals: Buffer[], picture: number) => Buffer[];
  /** Parameter sets leave before their picture as if they were one, with the mark of its end. */
  earlySets?: boolean;
  /** Only so many pictures of all; the session stays. */
  pictures?: number;
  /** Nothing is ever sent. */
  silent?: boolean;
  /** What the camera's own clock says at a moment, for capture times and sender reports. */
  clock?: (epochMs: number) => number;
}

export interface StreamOptions extends StreamFaults {
  clip: Clip;
  fps: number;
  payloadType: number;
  /** Pictures carry their number and capture time. */
  tags: boolean;
  /** Milliseconds between sender reports; null for none. */
  reportMs: number | null;
  send: (packet: Buffer) => void;
  sendReport: (report: Buffer) => void;
  close: () => void;
}

/** Sends a clip again and again at the pace of its pictures. */
export class Stream {
  readonly #options: StreamOptions;
  readonly #state: Packetiser;
  readonly #rtpStart = 4_294_000_000; // wraps after ten seconds
  readonly #start = performance.now();
  readonly #epochStart = Date.now();
  #frozenMs = 0;
  #sent = 0;
  #timer: NodeJS.Timeout | null = null;
  #lastReport = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#state = { payloadType: options.payloadType, ssrc: 0x1234_5678, sequence: 65_000 };
    if (!options.silent) this.#next();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #next(): void {
    if (this.#stopped) return;
    const { stall, freeze, closeAt, pictures } = this.#options;
    if (closeAt === this.#sent) return this.#options.close();
    if (pictures !== undefined && this.#sent >= pictures) return;
    if (freeze?.at === this.#sent && this.#frozenMs === 0) {
      this.#frozenMs = freeze.ms;
      return this.#wait(freeze.ms);
    }
    if (stall?.at === this.#sent && performance.now() < this.#due(this.#sent) + stall.ms) {
      return this.#wait(this.#due(this.#sent) + stall.ms - performance.now());
    }
    const early = this.#due(this.#sent) - performance.now();
    if (early > 0) return this.#wait(early);
    this.#sendPicture(this.#sent++);
    this.#wait(Math.max(0, this.#due(this.#sent) - performance.now()));
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#next(), ms);
  }

  /** On the clock of this process, in order of sending. */
  #due(sent: number): number {
    return this.#start + this.#frozenMs + (sent * 1000) / this.#options.fps;
  }

  #sendPicture(sent: number): void {
    const {
      change,
      startAt = 0,
      fps,
      lose,
      skip,
      corrupt,
      earlySets,
      send,
      clock = (ms: number) => ms,
    } = this.#options;
    const clip = change && sent >= change.at ? change.to : this.#options.clip;
    const place = sent + (clip === this.#options.clip ? startAt : -(change?.at ?? 0));
    const round = Math.floor(place / clip.pictures.length);
    const picture = clip.pictures[place % clip.pictures.length];
    if (picture === undefined || skip?.(sent)) return;
    const number =
      picture.number +
      round * clip.pictures.length -
      startAt +
      (place === sent + startAt ? 0 : sent - place);
    const shownMs = this.#frozenMs + (number * 1000) / fps;
    const capturedMs = clock(this.#epochStart + shownMs);
    const timestamp = this.#rtpStart + Math.round((shownMs * VIDEO_CLOCK) / 1000);
    let nals = picture.nals;
    if (this.#options.tags && clip.codec === "h264") {
      nals = tagged(nals, frameTag(Math.max(number, 0), BigInt(Math.round(capturedMs * 1000))));
    }
    if (corrupt) nals = corrupt(nals, sent);
    this.#report(capturedMs, timestamp);
    if (earlySets && clip.codec !== "jpeg") {
      const { codec } = clip;
      const sets = nals.filter((nal) => isParameterSet(nal, codec));
      nals = nals.filter((nal) => !isParameterSet(nal, codec));
      for (const packet of packPicture(sets, codec, timestamp, this.#state)) send(packet);
    }
    const packets = packPicture(nals, clip.codec, timestamp, this.#state);
    for (const [i, packet] of packets.entries()) {
      if (!lose?.(sent, i, packets.length)) send(packet);
    }
  }

  #report(epochMs: number, timestamp: number): void {
    const { reportMs, sendReport } = this.#options;
    if (reportMs === null || performance.now() - this.#lastReport < reportMs) return;
    this.#lastReport = performance.now();
    sendReport(senderReport(this.#state.ssrc, epochMs, timestamp));
  }
}
