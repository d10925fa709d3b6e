import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { judgeSelfTest, saysSomething } from "../../agent/engine/self-test.ts";
import { runGolden, tryBuilt } from "../../agent/supervise/golden-run.ts";
import { addon, LIBRARIES } from "./addon.ts";

const folder = mkdtempSync(join(tmpdir(), "jetfleet-golden-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const modelAt = (name: string): string => join(import.meta.dirname, "../../models", name);
const digestOf = (path: string): string =>
  `sha256:${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
const OUTPUTS = { decoder: "yolox", labelCount: 3 } as const;
const ON = { ...LIBRARIES, accelerator: "cpu", threads: 1 };

async function built(name: string): Promise<{ path: string; digest: string }> {
  const path = join(folder, name);
  const asked = { ...LIBRARIES, modelPath: modelAt(name), enginePath: path, threads: 1 };
  await addon.buildEngine(asked, () => undefined);
  return { path, digest: digestOf(path) };
}

describe("golden pictures", () => {
  test("show that an engine finds what its model finds, and that another model's does not", async () => {
    const street = modelAt("street-v2-b1.onnx");
    const model = digestOf(street);
    const right = await built("street-v2-b1.onnx");
    const tried = await tryBuilt(
      addon,
      {
        ...{ modelPath: street, modelDigest: model, engineKey: "key", ...ON },
        golden: { ...OUTPUTS, reference: { ...LIBRARIES, threads: 1 } },
      },
      { model: street, engine: right.path, digest: right.digest },
    );
    const { golden } = tried;
    if (golden === null) throw new Error(tried.untried?.message);
    expect(saysSomething(golden.engine)).toBe(true);
    const agreement = judgeSelfTest(golden, golden.engine);
    expect(agreement?.compared).toBeGreaterThan(4);
    expect(agreement?.mostScoreOff).toBeLessThan(0.001);
    expect(agreement?.leastIou).toBeGreaterThan(0.999);

    // Trained alike, with the same outputs: whoever has this in its place has the wrong answers.
    const wrong = await built("street-v1-b1.onnx");
    const engine = await runGolden(addon, { ...wrong, model, ...OUTPUTS, ...ON });
    const judged = () => judgeSelfTest({ engine, reference: golden.reference }, null);
    expect(judged).toThrow(/Expected an engine that finds what its model finds but/);
  });

  test("say nothing of a build when the labels are wrong, and why", async () => {
    const street = modelAt("street-v2-b1.onnx");
    const { path, digest } = await built("street-v2-b1.onnx");
    const tried = await tryBuilt(
      addon,
      {
        ...{ modelPath: street, modelDigest: digestOf(street), engineKey: "key", ...ON },
        golden: { ...OUTPUTS, labelCount: 2, reference: null },
      },
      { model: street, engine: path, digest },
    );
    expect(tried).toMatchObject({ golden: null, untried: { code: "MODEL_INVALID" } });
  });
});
