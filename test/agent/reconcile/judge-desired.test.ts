import { describe, expect, it } from "vitest";
import {
  type Identity,
  judgeDesired,
  MAX_ENVELOPE_BYTES,
} from "../../../agent/reconcile/judge-desired.ts";
import { DEVICE, desiredOf, FLEET, modelOf, pipelineOf, signedText } from "../support/desired.ts";
import { createKeyPair } from "../support/keys.ts";

const keys = createKeyPair();
const identity: Identity = {
  fleet: FLEET,
  device: DEVICE,
  publicKeyPem: keys.publicKeyPem,
  board: "tx2",
};
const payload = JSON.stringify(desiredOf({ generation: 5 }));
const signed = signedText(payload, keys.privateKeyPem);

function judge(text: string | Buffer, generation = 4, inForce: string | null = null) {
  return judgeDesired(Buffer.from(text), identity, { generation, payload: inForce });
}

function sign(document: unknown): string {
  return signedText(document, keys.privateKeyPem);
}

describe("a desired document", () => {
  it("is accepted when it is signed, meant for this device and newer", () => {
    expect(judge(signed)).toMatchObject({
      verdict: "accepted",
      accepted: { desired: { generation: 5 }, envelopeText: signed },
    });
  });

  it("does nothing when it is the one in force", () => {
    expect(judge(signed, 5, payload)).toEqual({ verdict: "same" });
  });

  it("is taken again when its generation is known but its text was lost", () => {
    expect(judge(signed, 5, null)).toMatchObject({ verdict: "accepted" });
  });

  const model = modelOf("m", "x");
  const envelope = JSON.parse(signed) as { payload: string; signature: string; keyId: string };
  const refusals: [string, string | Buffer, string][] = [
    ["is unsigned", payload, "DESIRED_UNSIGNED"],
    ["lacks its signature", JSON.stringify({ ...envelope, signature: "" }), "DESIRED_UNSIGNED"],
    [
      "is signed by another key",
      signedText(payload, createKeyPair().privateKeyPem),
      "DESIRED_UNSIGNED",
    ],
    [
      "claims our key but is signed by another",
      JSON.stringify({
        ...(JSON.parse(signedText(payload, createKeyPair().privateKeyPem)) as object),
        keyId: envelope.keyId,
      }),
      "DESIRED_UNSIGNED",
    ],
    [
      "was changed after it was signed",
      JSON.stringify({ ...envelope, payload: payload.replace('"generation":5', '"generation":6') }),
      "DESIRED_UNSIGNED",
    ],
    [
      "has an extra field beside the signature",
      JSON.stringify({ ...envelope, more: 1 }),
      "DESIRED_UNSIGNED",
    ],
    ["is cut short", signed.slice(0, -20), "DESIRED_INVALID"],
    ["is no JSON", "\u0000\u0001 garbage", "DESIRED_INVALID"],
    ["is no UTF-8", Buffer.from([0xff, 0xfe, 0x00, 0x80]), "DESIRED_INVALID"],
    ["is JSON null", "null", "DESIRED_UNSIGNED"],
    ["is larger than any envelope", `"${"x".repeat(MAX_ENVELOPE_BYTES)}"`, "DESIRED_INVALID"],
    ["holds a payload of more than 1 MiB", sign("x".repeat((1 << 20) + 1)), "DESIRED_UNSIGNED"],
    ["holds a signed text that is no JSON", sign("garbage"), "DESIRED_INVALID"],
    [
      "is for another device",
      sign(desiredOf({ generation: 5, device: "yard" })),
      "DESIRED_INVALID",
    ],
    ["is for another fleet", sign(desiredOf({ generation: 5, fleet: "other" })), "DESIRED_INVALID"],
    [
      "is for another board",
      sign(desiredOf({ generation: 5, board: "agx-xavier" })),
      "BOARD_MISMATCH",
    ],
    ["is older", sign(desiredOf({ generation: 3 })), "DESIRED_STALE"],
    [
      "follows another contract",
      sign({ ...desiredOf({ generation: 5 }), contract: 2 }),
      "DESIRED_INVALID",
    ],
    [
      "has a key we do not know",
      sign({ ...desiredOf({ generation: 5 }), more: 1 }),
      "DESIRED_INVALID",
    ],
    [
      "has a generation of zero",
      sign({ ...desiredOf({ generation: 5 }), generation: 0 }),
      "DESIRED_INVALID",
    ],
    [
      "names a model twice",
      sign(desiredOf({ generation: 5, models: [model, model] })),
      "DESIRED_INVALID",
    ],
    [
      "names a model that it does not hold",
      sign(desiredOf({ generation: 5, pipelines: [pipelineOf("entrance", "ghost")] })),
      "DESIRED_INVALID",
    ],
  ];

  it.each(refusals)("is refused when it %s", (_why, text, code) => {
    expect(judge(text)).toMatchObject({ verdict: "refused", error: { code } });
  });

  it("is refused when another document has its generation already", () => {
    const other = sign(desiredOf({ generation: 5, issuedAtMs: 2 }));
    expect(judge(other, 5, payload)).toMatchObject({
      verdict: "refused",
      error: { code: "DESIRED_STALE" },
    });
  });
});
