import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HeadSigner } from "../../../agent/report/head-signer.ts";
import type { JournalHead } from "../../../fleet/contract/index.ts";
import { type Identity, parseIdentity } from "../../../fleet/transfer/identity/identity.ts";
import { judgeHead, signHead } from "../../../fleet/transfer/identity/signed-head.ts";
import { signText } from "../../../fleet/transfer/identity/signed-text.ts";
import { TestFleet } from "../../hub/test-fleet.ts";
import { chainOf, headOf, rangeOf } from "../journal/made.ts";

const made = chainOf(["a", "b", "c", "d"]);
const head: JournalHead = { ...headOf(made), dropped: [rangeOf(made, 2, 3)] };
const DOOR = { fleet: "demo", name: "door" };

let fleet: TestFleet;
let other: TestFleet;
const identities = new Map<string, Identity>();

beforeAll(async () => {
  [fleet, other] = [await TestFleet.make("demo"), await TestFleet.make("demo")];
  for (const [key, file] of [
    ["door", await fleet.certify("door")],
    ["gate", await fleet.certify("gate")],
    ["operator", await fleet.certify("guest", "operator")],
    ["stranger", await other.certify("door")],
  ] as const) {
    identities.set(key, parseIdentity(readFileSync(file, "utf8"), file));
  }
});
afterAll(() => {
  fleet.remove();
  other.remove();
});

const identity = (key: string): Identity => identities.get(key)!;
const by = (key: string): JournalHead => signHead(head, identity(key), 1000);
const judge = (shown: JournalHead) => judgeHead(shown, DOOR, fleet.ca.certificatePem);

describe("the head of a chain", () => {
  it("is its device's word when its key signed it, over whatever carried it", () => {
    const carried = JSON.parse(JSON.stringify(by("door"))) as JournalHead;
    expect(judge(carried)).toEqual({
      kind: "signed",
      keyId: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(judge(head)).toEqual({ kind: "unsigned" });
  });

  it.each<[string, Partial<JournalHead>]>([
    ["number", { seq: head.seq - 1 }],
    ["hash", { hash: "0".repeat(64) }],
    ["chain", { chain: "00000000000000bb" }],
    ["settled number", { settledSeq: 0 }],
    ["dropped ranges", { dropped: [rangeOf(made, 1, 4)] }],
    ["dropped ranges, taken out", { dropped: [] }],
  ])("is forged when its %s is changed afterwards", (_, change) => {
    expect(judge({ ...by("door"), ...change })).toEqual({
      kind: "forged",
      why: "its signature does not fit it",
    });
  });

  it("is forged when the time of its signing is changed", () => {
    const { signed, ...rest } = by("door");
    expect(judge({ ...rest, signed: { ...signed!, atMs: 2000 } }).kind).toBe("forged");
  });

  it.each([
    ["gate", "it is signed by device gate of fleet demo"],
    ["operator", "it is signed by operator guest of fleet demo"],
    ["stranger", "its certificate is not of this fleet's CA"],
  ])("is forged when %s signed it", (key, why) => {
    expect(judge(by(key))).toEqual({ kind: "forged", why });
  });

  it("is forged when the device signed the same text for another purpose", () => {
    const { signed } = by("door");
    const text = JSON.stringify([head.chain]);
    const elsewhere = signText(identity("door"), "something else", text);
    expect(judge({ ...head, signed: { ...signed!, ...elsewhere } }).kind).toBe("forged");
  });

  it.each(["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x".repeat(9999)])(
    "is forged, not an exception, with what is no certificate",
    (certificate) => {
      const shown = by("door");
      const why = "its certificate or signature cannot be read";
      expect(judge({ ...shown, signed: { ...shown.signed!, certificate } })).toEqual({
        kind: "forged",
        why,
      });
    },
  );
});

describe("a device", () => {
  it("signs each head once, so that a report without news stays the same", () => {
    const signer = new HeadSigner({ usable: () => identity("door") });
    const first = signer.sign(head);
    expect(judge(first).kind).toBe("signed");
    expect(signer.sign({ ...head })).toEqual(first);
    expect(signer.sign({ ...head, settledSeq: 1 })).not.toEqual(first);
  });

  it("signs anew with the key of a renewed certificate", () => {
    let key = "door";
    const signer = new HeadSigner({ usable: () => identity(key) });
    const first = signer.sign(head);
    key = "gate";
    expect(signer.sign(head).signed?.certificate).not.toBe(first.signed?.certificate);
  });

  it("whose identity cannot be read says its head without a signature", () => {
    expect(new HeadSigner({ usable: () => null }).sign(head)).toEqual(head);
  });
});
