import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSealedEngine } from "../../../fleet/engine/index.ts";

/** Written by the native side, which a test of it holds to these very bytes. */
const SEALED = Buffer.from(
  readFileSync(join(import.meta.dirname, "sealed-engine.hex"), "utf8").replace(/\s/g, ""),
  "hex",
);
const KEY = Uint8Array.of(1, 2, 3, 4);
const refusal = (bytes: Uint8Array, key?: Uint8Array) => () => readSealedEngine(bytes, key);
const BAD = expect.objectContaining({ code: "MODEL_INVALID", hint: "Build the engine again." });

describe("a sealed engine", () => {
  it("is read as the native side wrote it", () => {
    expect(readSealedEngine(SEALED, KEY)).toEqual({
      key: "model 1\ngpu 8.6\n",
      notes: "{}",
      planBytes: 8,
      isSigned: true,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
  });

  it("is refused wherever it is cut off", () => {
    for (let size = 0; size < SEALED.length; size++) {
      expect(refusal(SEALED.subarray(0, size)), `${size} bytes`).toThrow(BAD);
    }
    expect(refusal(Buffer.concat([SEALED, Buffer.of(0)]))).toThrow(BAD);
  });

  it("is refused whichever byte is altered", () => {
    for (let at = 0; at < SEALED.length; at++) {
      const altered = Buffer.from(SEALED);
      altered.writeUInt8(altered.readUInt8(at) ^ 0x40, at);
      expect(refusal(altered, KEY), `byte ${at}`).toThrow(BAD);
    }
  });

  it("is refused when another device signed it", () => {
    expect(refusal(SEALED, Uint8Array.of(1, 2, 3, 5))).toThrow("another device signed");
  });
});
