import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyIdOf, openFormer, signFormer } from "../../../fleet/release/index.ts";

function newKey(type: "ed25519" | "ed448" = "ed25519") {
  const pair = type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ed448");
  return {
    privatePem: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicPem: pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
    publicKey: pair.publicKey,
  };
}

const key = newKey();
const refused: unknown = expect.objectContaining({ code: "DESIRED_UNSIGNED" });

describe("signed envelope", () => {
  it("gives back exactly the text that was signed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const wellFormed = text.toWellFormed();
        expect(openFormer(signFormer(wellFormed, key.privatePem), key.publicPem)).toBe(wellFormed);
      }),
    );
  });

  it("refuses a document when any character of the payload was changed", () => {
    const envelope = signFormer('{"generation":7}', key.privatePem);
    for (let at = 0; at < envelope.payload.length; at++) {
      const payload = `${envelope.payload.slice(0, at)}~${envelope.payload.slice(at + 1)}`;
      expect(() => openFormer({ ...envelope, payload }, key.publicPem)).toThrow(refused);
    }
  });

  it("refuses a document signed by another key, and names both keys", () => {
    const other = newKey();
    const envelope = signFormer("{}", other.privatePem);
    expect(() => openFormer(envelope, key.publicPem)).toThrow(refused);
    expect(() => openFormer(envelope, key.publicPem)).toThrow(keyIdOf(key.publicKey));
    expect(() => openFormer(envelope, key.publicPem)).toThrow(keyIdOf(other.publicKey));
  });

  it("refuses a document that claims our key but was signed by another", () => {
    const envelope = { ...signFormer("{}", newKey().privatePem), keyId: keyIdOf(key.publicKey) };
    expect(() => openFormer(envelope, key.publicPem)).toThrow(refused);
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a bare document", { generation: 1, pipelines: [] }],
    ["an empty signature", { payload: "{}", keyId: keyIdOf(key.publicKey), signature: "" }],
    ["no signature", { payload: "{}", keyId: keyIdOf(key.publicKey) }],
    [
      "a signature that is not base64",
      { payload: "{}", keyId: keyIdOf(key.publicKey), signature: "%%%" },
    ],
    ["a truncated signature", { ...signFormer("{}", key.privatePem), signature: "AAAA" }],
    ["an extra key", { ...signFormer("{}", key.privatePem), note: "trust me" }],
    ["a payload over 1 MiB", signFormer("x".repeat((1 << 20) + 1), key.privatePem)],
    ["a payload that is an object", { ...signFormer("{}", key.privatePem), payload: {} }],
  ])("refuses %s", (_what, message) => {
    expect(() => openFormer(message, key.publicPem)).toThrow(refused);
  });

  it("refuses to sign or verify with a key that is not ed25519", () => {
    const wrong = newKey("ed448");
    expect(() => signFormer("{}", wrong.privatePem)).toThrow("ed25519");
    expect(() => openFormer(signFormer("{}", key.privatePem), wrong.publicPem)).toThrow("ed25519");
  });
});
