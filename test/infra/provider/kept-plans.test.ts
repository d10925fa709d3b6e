import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findModule } from "../../../fleet/boards/catalog/index.ts";
import { planFor, readModel } from "../../../fleet/plan/index.ts";
import { KeptPlan, KeptPlans } from "../../../infra/provider/plan/kept-plans.ts";
import { PipelinePlanner } from "../../../infra/provider/plan/pipeline-planner.ts";
import type { PlanQuestion } from "../../../infra/provider/plan/plan-question.ts";
import { plannerFingerprint } from "../../../infra/provider/plan/planner-fingerprint.ts";

const street = readModel(
  readFileSync(join(import.meta.dirname, "../../../models/street-v1-b1.onnx")),
);
const board = findModule("tx2");
if (!board) throw new Error("no such board");
const plan = KeptPlan.parse(planFor(street, board));

let dir: string;
let folder: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "jetfleet-plans-"));
  folder = join(dir, "cache", "plans");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const kept = (fingerprint = "one") =>
  new KeptPlans(
    () => folder,
    () => fingerprint,
  );

function onlyFile(): string {
  const [name, ...others] = readdirSync(folder);
  if (!name || others.length > 0) throw new Error(`expected one file, got ${others.length + 1}`);
  return join(folder, name);
}

describe("plans on disk", () => {
  test("are found again by the same question, in whatever order it is said", () => {
    kept().write({ digest: "a", options: { x: 1 } }, plan);
    expect(kept().read({ options: { x: 1 }, digest: "a" })).toEqual(plan);
  });

  test.each([
    ["another question", "one", { digest: "b" }],
    ["another planner", "two", { digest: "a" }],
  ])("are not found by %s", (_what, fingerprint, question) => {
    kept().write({ digest: "a" }, plan);
    expect(kept(fingerprint).read(question)).toBeNull();
  });

  test("are for their owner alone, and nothing unfinished is left beside them", () => {
    kept().write({ digest: "a" }, plan);
    kept().write({ digest: "a" }, plan);
    expect(statSync(onlyFile()).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test.each([
    ["empty", ""],
    ["cut off", JSON.stringify(plan).slice(0, 200)],
    ["no plan", '{"verdict":"runs"}'],
    ["binary", "\u0000\u0001"],
  ])("that are %s are not used, and replaced", (_what, text) => {
    kept().write({ digest: "a" }, plan);
    writeFileSync(onlyFile(), text);
    expect(kept().read({ digest: "a" })).toBeNull();
    kept().write({ digest: "a" }, plan);
    expect(kept().read({ digest: "a" })).toEqual(plan);
  });

  test("are done without where their folder cannot be made", () => {
    writeFileSync(join(dir, "cache"), "a file in the way");
    kept().write({ digest: "a" }, plan);
    expect(kept().read({ digest: "a" })).toBeNull();
  });

  test("are done without where the planner's own files cannot be read", () => {
    const broken = new KeptPlans(
      () => folder,
      () => {
        throw new Error("no such file");
      },
    );
    broken.write({ digest: "a" }, plan);
    expect(broken.read({ digest: "a" })).toBeNull();
    expect(existsSync(folder)).toBe(false);
  });

  test("make room by their age when they are many", () => {
    mkdirSync(folder, { recursive: true });
    for (let age = 1; age <= 500; age++) {
      const file = join(folder, `${age}.json`);
      writeFileSync(file, "{}");
      utimesSync(file, 1e9 - age, 1e9 - age);
    }
    kept().write({ digest: "a" }, plan);
    const names = readdirSync(folder);
    expect(names).toHaveLength(375);
    expect(names).toContain("1.json");
    expect(names).not.toContain("500.json");
    expect(kept().read({ digest: "a" })).toEqual(plan);
  });

  test("of a graph with endless reasons are not kept", () => {
    kept().write({ digest: "a" }, { ...plan, restsOn: ["x".repeat(2 ** 20)] });
    expect(existsSync(folder)).toBe(false);
  });
});

describe("a planner", () => {
  const question: PlanQuestion = {
    digest: `sha256:${"e".repeat(64)}`,
    board: "tx2",
    module: "tx2",
    libraryFaults: [],
    jetpack: "4.6.1",
    powerMode: "MAXQ",
    accelerator: undefined,
    precision: undefined,
    minFps: 10,
    latencyMs: 500,
    streams: [],
  };
  const asker = { urn: "a", device: "door", pipeline: "entrance", simulated: true };

  test("of a later process answers the same without the model", () => {
    const first = new PipelinePlanner(kept());
    first.noteModel(question.digest, street);
    const answer = first.plan(question, asker);
    expect(answer.summary.verdict).toBe("runs");
    expect(new PipelinePlanner(kept()).plan(question, asker)).toEqual(answer);
    const other = { ...question, powerMode: "MAXN" };
    expect(new PipelinePlanner(kept()).plan(other, asker).summary.verdict).toBe("absent");
  });

  test("that is newer does not", () => {
    const first = new PipelinePlanner(kept());
    first.noteModel(question.digest, street);
    first.plan(question, asker);
    const newer = new PipelinePlanner(kept("two"));
    expect(newer.plan(question, asker).summary.verdict).toBe("absent");
  });

  test("answers where nothing can be kept", () => {
    writeFileSync(join(dir, "cache"), "a file in the way");
    const planner = new PipelinePlanner(kept());
    planner.noteModel(question.digest, street);
    expect(planner.plan(question, asker).summary.verdict).toBe("runs");
  });
});

test("the planner's fingerprint is that of its files", () => {
  expect(plannerFingerprint()).toMatch(/^[0-9a-f]{64}$/);
  expect(plannerFingerprint()).toBe(plannerFingerprint());
});
