import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  bytesOf,
  type DocumentKind,
  newPrivateKeyPem,
  publicPemOf,
  seal,
  signFormer,
  textOf,
  unseal,
} from "../../../fleet/release/index.ts";

const KINDS: DocumentKind[] = ["roles", "set", "pipeline", "desired"];
const key = newPrivateKeyPem();
const ours = [publicPemOf(newPrivateKeyPem()), publicPemOf(key)];
const Any = z.unknown();

describe("a signed document", () => {
  it.each(KINDS)("is what was sealed, as a %s", (kind) => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const envelope = seal(kind, { value }, key);
        expect(unseal(kind, envelope, ours, Any).document).toEqual(
          JSON.parse(JSON.stringify({ value })),
        );
      }),
      { numRuns: 25 },
    );
  });

  it.each(KINDS.flatMap((a) => KINDS.filter((b) => b !== a).map((b) => [a, b] as const)))(
    "that was signed as a %s does not pass for a %s",
    (as, forKind) => {
      expect(() => unseal(forKind, seal(as, {}, key), ours, Any)).toThrow(/does not fit/);
    },
  );

  it.each(KINDS)("that the former version signed does not pass for a %s", (kind) => {
    for (const text of ["{}", `jetfleet ${kind}\n{}`]) {
      expect(() => unseal(kind, signFormer(text, key), ours, Any)).toThrow(/does not fit/);
    }
  });

  it("is not two texts with one signature", () => {
    const envelope = seal("set", { label: "\ufffd" }, key);
    const twin = { ...envelope, payload: envelope.payload.replace("\ufffd", "\ud800") };
    expect(unseal("set", envelope, ours, Any).document).toEqual({ label: "\ufffd" });
    expect(() => unseal("set", twin, ours, Any)).toThrow(/lone surrogate/);
  });

  it("of another version is told from a faulty one", () => {
    const read = () => unseal("pipeline", seal("pipeline", { contract: 3 }, key), ours, Any);
    expect(read).toThrow("I cannot read version 3 of a pipeline document");
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["a text", "payload"],
    ["an envelope with an unknown key", { ...seal("set", {}, key), extra: 1 }],
    ["a huge text", { ...seal("set", {}, key), payload: " ".repeat(2 ** 20 + 1) }],
    ["a key that is not ours", seal("set", {}, newPrivateKeyPem())],
  ])("is refused when it is %s", (_what, envelope) => {
    expect(() => unseal("set", envelope, ours, Any)).toThrow(
      expect.objectContaining({ code: "PART_UNSIGNED" }),
    );
  });
});

describe("texts and bytes", () => {
  it("stand for each other, or are refused", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(textOf(bytesOf(text))).toBe(text);
      }),
    );
    expect(() => bytesOf("a\udfffb")).toThrow(/lone surrogate/);
    expect(() => textOf(Buffer.from([0xed, 0xa0, 0x80]))).toThrow(/UTF-8/);
    expect(() => textOf(Buffer.from([0xc0, 0xaf]))).toThrow(/UTF-8/);
    expect(textOf(Buffer.from([0xef, 0xbb, 0xbf, 0x41]))).toBe("\ufeffA");
  });
});
