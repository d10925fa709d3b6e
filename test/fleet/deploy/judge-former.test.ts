import { describe, expect, it } from "vitest";
import { FormerDesired } from "../../../fleet/contract/index.ts";
import { emptyMemory, judge, type Memory } from "../../../fleet/deploy/index.ts";
import { setDigestOf, signFormer } from "../../../fleet/release/index.ts";
import {
  bytes,
  CLOCK,
  chosenOf,
  IDENTITY,
  KEYS,
  messageOf,
  NOW_MS,
  pipelineOf,
  setOf,
} from "../support/signed-fleet.ts";

/** What the former version signed for `door`: two pipelines of two stacks, generation 9. */
function formerOf(change: Partial<FormerDesired> = {}, key = KEYS.root) {
  const models = setOf("people").models;
  const { set } = chosenOf("people");
  const document = FormerDesired.parse({
    contract: 1,
    fleet: "demo",
    device: "door",
    generation: 9,
    issuedAtMs: NOW_MS,
    board: "agx-xavier",
    artifactUrl: "http://hub:1/",
    setDigest: setDigestOf(models),
    models,
    pipelines: ["entrance", "yard"].map((name) => pipelineOf(name, 1, set).spec),
    ...change,
  });
  return signFormer(JSON.stringify(document), key);
}

const TAKEN_OVER = emptyMemory("nonce", 9);

function compose(generation: number, chosen: string[], keep: string[], envelope = formerOf()) {
  return messageOf(
    generation,
    chosen.map((name) => chosenOf(name)),
    { composition: { answers: "nonce", former: { envelope, keep } } },
  );
}

function verdictOf(message: unknown, memory: Memory = TAKEN_OVER) {
  return judge(bytes(message), memory, CLOCK, IDENTITY);
}

describe("a device that was taken over from the former version", () => {
  it("is not disturbed by the document that is in force", () => {
    expect(verdictOf(formerOf())).toEqual({ verdict: "same" });
  });

  it("says that it no longer reads a newer one of that version", () => {
    expect(verdictOf(formerOf({ generation: 10 }))).toMatchObject({
      verdict: "refused",
      error: { code: "VERSION_UNREADABLE" },
    });
  });

  it("goes on with pipelines whose owners have not released them yet", () => {
    const verdict = verdictOf(compose(10, ["entrance"], ["yard"]));
    expect(verdict).toMatchObject({ verdict: "accepted", refused: [] });
    if (verdict.verdict !== "accepted") return;
    const parts = verdict.pipelines.map(({ spec, part }) => [spec.name, part !== null]);
    expect(parts.sort()).toEqual([
      ["entrance", true],
      ["yard", false],
    ]);
  });

  it("never goes back to the former version of a pipeline that was released since", () => {
    const first = verdictOf(compose(10, ["entrance"], ["yard"]));
    if (first.verdict !== "accepted") throw new Error("not accepted");
    expect(verdictOf(compose(11, [], ["entrance", "yard"]), first.memory)).toMatchObject({
      pipelines: [{ spec: { name: "yard" } }],
      refused: [{ pipeline: "entrance", error: { code: "PART_STALE" } }],
    });
  });

  it.each<[string, unknown, string]>([
    [
      "signed by another key",
      compose(10, [], ["yard"], formerOf({}, KEYS.release)),
      "DESIRED_UNSIGNED",
    ],
    [
      "of another device",
      compose(10, [], ["yard"], formerOf({ device: "gate" })),
      "DESIRED_MISDIRECTED",
    ],
    [
      "older than it accepted",
      compose(10, [], ["yard"], formerOf({ generation: 8 })),
      "PART_STALE",
    ],
    ["without the pipeline", compose(10, [], ["hall"]), "PART_MISSING"],
    ["left out", { ...compose(10, [], ["yard"]), former: undefined }, "PART_MISSING"],
    ["of a pipeline that was released, too", compose(10, ["yard"], ["yard"]), "DESIRED_INVALID"],
  ])("refuses a document of that version %s", (_what, message, code) => {
    expect(verdictOf(message)).toMatchObject({ verdict: "refused", error: { code } });
  });
});
