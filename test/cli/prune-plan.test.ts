import { describe, expect, it } from "vitest";
import { planLines, planPrune } from "../../cli/render/prune-text.ts";
import type { KeptEngine } from "../../fleet/contract/index.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const engine = (change: Partial<KeptEngine>): KeptEngine => ({
  ...{ key: digest("a"), model: digest("b"), accelerator: "cpu", outcome: "built", inUse: false },
  ...{ atMs: 1, seconds: 1, sizeBytes: 2 ** 20 },
  ...change,
});

describe("what goes when engines are pruned", () => {
  it.each<[string, Partial<KeptEngine>, boolean, RegExp | null]>([
    ["an engine that nothing runs", {}, false, null],
    ["one that runs", { inUse: true }, false, /runs its model/],
    ["one that runs, whatever is asked", { inUse: true }, true, /runs its model/],
    ["a model of which none can be built", { outcome: "unbuildable" }, false, /--all/],
    ["the same, with --all", { outcome: "unbuildable" }, true, null],
    ["the same that is asked for", { outcome: "unbuildable", inUse: true }, true, /asks for/],
    ["what a newer agent tells", { outcome: "unknown" }, true, /does not know/],
  ])("%s", (_what, change, all, why) => {
    const { go, stay } = planPrune("door", [engine(change)], all);
    expect(go).toHaveLength(why === null ? 1 : 0);
    expect(stay.map((one) => one.why)).toEqual(why === null ? [] : [expect.stringMatching(why)]);
  });

  it("is said with what it is worth, and why the rest stays", () => {
    const plan = planPrune("door", [engine({}), engine({ key: digest("c"), inUse: true })], false);
    expect(planLines(plan, { [digest("b")]: "people" })).toEqual([
      "door: 1 to remove, 1.0 MiB; what would use them again has to build them anew",
      "  goes   aaaaaaaa people bbbbbbbb cpu 1.0 MiB",
      "  stays  cccccccc people bbbbbbbb cpu 1.0 MiB: a pipeline runs its model, or is to go back to it",
    ]);
  });
});
