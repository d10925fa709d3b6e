import { expect, test } from "vitest";
import { isModelChange } from "../../../agent/update/pipeline-version.ts";
import type { DetectSpec } from "../../../fleet/spec/index.ts";
import { versionFor } from "../support/deploying.ts";

const PARTS = [0, 0.5].map((left) => ({ left, top: 0, width: 0.5, height: 1 }));

test.each<[string, Partial<DetectSpec>, boolean]>([
  ["another threshold", { minScore: 0.7 }, true],
  ["the interval that there was without one", { interval: 1 }, true],
  ["another interval", { interval: 2 }, false],
  ["a motion gate", { motion: { threshold: 0.001, keepAliveMs: 1000 } }, false],
  ["more parts of the picture", { regions: PARTS }, false],
  ["another part of the picture", { regions: [{ left: 0, top: 0, width: 1, height: 0.5 }] }, false],
])("%s is done by an exchange of models: %j, %s", (_what, detect, can) => {
  expect(isModelChange(versionFor({ bytes: "good" }), versionFor({ bytes: "good", detect }))).toBe(
    can,
  );
});
