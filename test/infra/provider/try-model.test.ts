import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { sha256Digest } from "../../../fleet/release/index.ts";
import type { Decoder } from "../../../fleet/spec/index.ts";
import { tryModel } from "../../../infra/provider/model/try-model.ts";
import { tinyOnnx } from "./support/tiny-onnx.ts";

const folder = mkdtempSync(join(tmpdir(), "jetfleet-trial-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function tried(bytes: Buffer, decoder: Decoder | "auto", labelCount: number) {
  const digest = sha256Digest(bytes);
  const model = join(folder, `${digest.slice(7, 20)}.onnx`);
  writeFileSync(model, bytes);
  return await tryModel({ model, digest, decoder, labelCount });
}

test("a preview finds out what decoder a model is for, and says why", async () => {
  const trial = await tried(tinyOnnx(3), "auto", 3);
  expect(trial).toMatchObject({
    decoder: "yolox",
    reason: expect.stringContaining(
      "the shapes fit yolox, yolox-decoded, but of real pictures only yolox makes sense",
    ),
  });
});

test("a preview refuses what a device would, in the device's words", async () => {
  const cases = await Promise.all([
    tried(tinyOnnx(3), "yolox", 2),
    tried(tinyOnnx(1, { op: "Teleport" }), "yolox", 1),
    tried(tinyOnnx(1), "yolox-decoded", 1),
  ]);
  const reasons = cases.map((trial) => ("failure" in trial ? trial.failure : null));
  for (const failure of reasons) {
    expect(failure).toMatchObject({ property: "source", code: "MODEL_INVALID" });
  }
  expect(reasons[0]?.reason).toContain("Expected an output of shape [1,84,7] for 2 labels");
  expect(reasons[1]?.reason).toContain("Teleport");
  expect(reasons[2]?.reason).toContain("the outputs mean something else");
});
