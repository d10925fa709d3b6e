import { describe, expect, it } from "vitest";
import { DetectionsPayload } from "../../../agent/report/detections-payload.ts";

const json = Buffer.from('[{"index":0,"label":"Fußgänger"}]');
const read = (payload: Buffer): unknown => JSON.parse(payload.toString("utf8"));

describe("payloads of detections", () => {
  it("hold the frames as they are, numbered, with the model of each", () => {
    const payloads = new DetectionsPayload('a "door"');
    const made = ["sha256:a", "sha256:a", "sha256:b", "sha256:a"].map((modelDigest) =>
      payloads.next({ modelDigest, json }),
    );
    expect(made.map(read)).toEqual(
      ["sha256:a", "sha256:a", "sha256:b", "sha256:a"].map((modelDigest, seq) => ({
        ...{ pipeline: 'a "door"', modelDigest, seq },
        frames: [{ index: 0, label: "Fußgänger" }],
      })),
    );
  });

  it("stay as they are whatever is made after them", () => {
    const payloads = new DetectionsPayload("door");
    const first = payloads.next({ modelDigest: "m", json });
    const text = first.toString();
    for (let i = 0; i < 5000; i += 1) payloads.next({ modelDigest: "m", json });
    expect(first.toString()).toBe(text);
  });
});
