import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Envelope, EnvelopeReader, packEnvelope } from "../../../agent/supervise/envelope.ts";
import { openEnvelope } from "../../../agent/supervise/runner-message.ts";

const DIGEST = `sha256:${"0a".repeat(32)}`;
const frames: Envelope = {
  type: "frames",
  modelId: DIGEST,
  frames: 2,
  json: Buffer.from("[{},{}]"),
};
const state: Envelope = { type: "source", modelId: "", frames: 0, json: Buffer.from("{}") };

const plain = (envelope: Envelope) => ({
  ...envelope,
  json: Buffer.from(envelope.json).toString(),
});

describe("envelopes on the pipe", () => {
  it("come out as they went in, however the bytes are cut", () => {
    const bytes = Buffer.concat([packEnvelope(frames), packEnvelope(state), packEnvelope(frames)]);
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    fc.assert(
      fc.property(cuts, (sizes) => {
        const reader = new EnvelopeReader();
        const found: Envelope[] = [];
        for (let at = 0, i = 0; at < bytes.length; i += 1) {
          const size = sizes[i % sizes.length] ?? 1;
          found.push(...reader.push(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(found.map(plain)).toEqual([frames, state, frames].map(plain));
      }),
    );
  });

  it("wait for the rest of a truncated one", () => {
    const reader = new EnvelopeReader();
    expect(reader.push(packEnvelope(frames).subarray(0, -1))).toEqual([]);
    expect(reader.push(packEnvelope(frames).subarray(-1)).map(plain)).toEqual([plain(frames)]);
  });

  it.each([
    ["of unknown type", Buffer.from([1, 0, 0, 0, 9, 0, 0, 0])],
    ["larger than any", Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
    ["whose id is longer than it", Buffer.from([1, 0, 0, 0, 0, 2, 0, 0])],
  ])("refuse a head %s", (_, head) => {
    expect(() => new EnvelopeReader().push(head)).toThrow(/Expected an envelope of at most/);
  });

  it("keep no more than one unfinished envelope, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
        const reader = new EnvelopeReader();
        try {
          for (const chunk of chunks) reader.push(Buffer.from(chunk));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  it("are not written larger than they may be read", () => {
    const json = Buffer.alloc(8 * 1024 * 1024 + 1);
    expect(() => packEnvelope({ ...frames, json })).toThrow(/No envelope holds/);
    expect(() => packEnvelope({ ...frames, frames: 65_536 })).toThrow(/No envelope holds/);
  });
});

describe("what is in an envelope", () => {
  const stats = {
    ...{ name: "door", fps: 5, framesTotal: 5, droppedTotal: 0, latencyMs: null },
    ...{ latencyFrom: "arrival", stages: [], tracksTotal: 0, copiesPerFrame: 0 },
    ...{ copiedBytesPerFrame: 0, source: { state: "playing", reconnects: 0 } },
  };
  const open = (type: Envelope["type"], value: unknown) =>
    openEnvelope({ type, modelId: "", frames: 0, json: Buffer.from(JSON.stringify(value)) });

  it("is handed on untouched when it is frames", () => {
    expect(openEnvelope(frames)).toEqual({
      ...{ type: "frames", modelId: DIGEST, frames: 2, json: frames.json },
    });
  });

  it("is read when it is statistics", () => {
    expect(open("stats", stats)).toEqual({ type: "stats", stats });
  });

  it.each<[string, () => unknown]>([
    ["frames without a model", () => openEnvelope({ ...frames, modelId: "tiny.onnx" })],
    ["frames that are none", () => openEnvelope({ ...frames, json: Buffer.from("{}") })],
    ["frames that end early", () => openEnvelope({ ...frames, json: Buffer.from("[{}") })],
    ["no frames", () => openEnvelope({ ...frames, frames: 0 })],
    ["no bytes", () => openEnvelope({ ...frames, json: Buffer.alloc(0) })],
    ["statistics without figures", () => open("stats", {})],
    ["an unknown state", () => open("source", { type: "source", state: "odd", error: null })],
    ["no JSON", () => openEnvelope({ ...state, json: Buffer.from("{") })],
  ])("is refused when it is %s", (_, act) => {
    expect(act).toThrow();
  });

  it("keeps the message of an error whose code is new", () => {
    expect(open("failed", { type: "failed", error: { code: "NEW", message: "m" } })).toEqual({
      ...{ type: "failed", error: { code: "INTERNAL", message: "m" } },
    });
  });
});
