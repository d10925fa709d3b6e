import { describe, expect, it } from "vitest";
import type { KeptEngine, Reported } from "../../../fleet/contract/index.ts";
import { FleetError } from "../../../fleet/errors/index.ts";
import { askEngines } from "../../../infra/provider/plan/ask-engines.ts";
import {
  type EngineForecast,
  type EngineQuestion,
  forecastEngine,
} from "../../../infra/provider/plan/engine-preview.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const MODEL = { name: "people", digest: digest("a"), sizeBytes: 10 * 2 ** 20 };
const ENGINE: KeptEngine = {
  ...{ key: digest("b"), model: MODEL.digest, accelerator: "cpu", outcome: "built", inUse: true },
  ...{ current: true, atMs: 1, seconds: 2.5, sizeBytes: 2 ** 20, origin: "built-here" },
};
const HERE = { cpu: digest("c") };
const said = (engines: KeptEngine[], engineHosts: unknown = HERE) =>
  ({ engines, ...(engineHosts !== null && { engineHosts }) }) as Reported;
const PLAN = { accelerator: "gpu", precision: "fp16", buildMinutes: { low: 2, high: 5 } };
const FAILED = {
  ...ENGINE,
  outcome: "unbuildable" as const,
  error: { code: "MODEL_INVALID", message: "a node nobody knows", hint: "", atMs: 1 },
};
const yard = (reported: Reported) => ({ device: "yard", reported });

const asked = (change: Partial<EngineQuestion>): EngineQuestion => ({
  ...{ device: "door", model: MODEL, told: said([]), others: [], unasked: 0 },
  plan: PLAN as EngineQuestion["plan"],
  ...change,
});

describe("what a preview says of the engine", () => {
  it.each<[string, Partial<EngineQuestion>, EngineForecast["state"], RegExp]>([
    ["is there", { told: said([ENGINE]) }, "there", /door has one with this key \(cpu, .*2\.5 s\)/],
    [
      "is of a calibration that no report tells",
      {
        told: said([{ ...ENGINE, accelerator: "gpu int8" }], { "gpu int8": digest("c") }),
        plan: { ...PLAN, precision: "int8" } as EngineQuestion["plan"],
        model: { ...MODEL, calibration: { digest: digest("d"), sizeBytes: 9 } },
      },
      "unknown",
      /whether one is there is not known: a report does not tell the calibration/,
    ],
    [
      "is of float32 nodes that no report tells",
      {
        told: said([{ ...ENGINE, accelerator: "gpu fp16" }], { "gpu fp16": digest("c") }),
        model: { ...MODEL, float32Nodes: ["conv1"] },
      },
      "unknown",
      /does not tell the float32 nodes/,
    ],
    [
      "is the processor's, which knows neither",
      {
        told: said([ENGINE]),
        model: {
          ...{ ...MODEL, float32Nodes: ["conv1"] },
          calibration: { digest: digest("d"), sizeBytes: 9 },
        },
      },
      "there",
      /door has one/,
    ],
    [
      "is there under a key of before",
      { told: said([{ ...ENGINE, current: false }]) },
      "to-build",
      /must be built \(cpu\), in 13 to 50 s by its former builds, with 243\.3 MB of free memory$/,
    ],
    [
      "was never built there",
      {},
      "to-build",
      /as it is the first there \(the plan's 2 to 5 min are of the board's silicon\)/,
    ],
    [
      "is to be built for an accelerator",
      { told: said([], { ...HERE, "gpu fp16": digest("d") }) },
      "to-build",
      /must be built \(gpu fp16\), in 2 to 5 min by the plan, with 1426\.1 MB/,
    ],
    [
      "is at another device of the same kind",
      { others: [yard(said([ENGINE]))] },
      "elsewhere",
      /yard has one with this key \(cpu\); otherwise/,
    ],
    [
      "is at another device with another processor",
      { others: [yard(said([ENGINE], { cpu: digest("e") }))], unasked: 4 },
      "to-build",
      /none of 1 other devices that were asked has one, 4 were not asked$/,
    ],
    ["cannot be built", { told: said([FAILED]) }, "unbuildable", /MODEL_INVALID: a node nobody/],
    ["is on a new device", { told: null }, "to-build", /must be built, .*nothing was ever built/],
    [
      "cannot be told, for the hub is away",
      { told: { unknown: "no answer" } },
      "unknown",
      /is not known: no answer$/,
    ],
    ["is of an older agent", { told: said([ENGINE], null) }, "unknown", /its agent does not say/],
  ])("where it %s", (_what, change, state, text) => {
    const forecast = forecastEngine(asked(change));
    expect(forecast.state).toBe(state);
    expect(forecast.text).toMatch(text);
  });
});

const hubOf = (answers: Record<string, string | null>) => ({
  listDevices: () => Promise.resolve(Object.keys(answers).map((name) => ({ name, lastSeenMs: 1 }))),
  getRetained: (device: string) => {
    const text = answers[device] ?? null;
    return Promise.resolve(text === null ? null : Buffer.from(text));
  },
});
type Hub = ReturnType<Parameters<typeof askEngines>[0]>;

describe("the hub's answer on engines", () => {
  it("that does not come in time, or is a refusal, is unknown, and keeps nobody waiting", async () => {
    const never = { listDevices: () => new Promise(() => undefined) } as unknown as Hub;
    const silent = await askEngines(() => never, "door", 30);
    expect(silent.told).toEqual({ unknown: "Expected the hub's answer within 30 ms" });
    const refusing = await askEngines(() => {
      throw new FleetError("HUB_REFUSED", "not you");
    }, "door");
    expect(refusing.told).toEqual({ unknown: "not you" });
  });

  it.each([
    ["a device that it does not know", {}, null],
    ["one that never reported", { door: null }, { unknown: "it has not reported yet" }],
    ["a report cut off", { door: '{"contract":2' }, { unknown: expect.stringMatching(/reads$/) }],
  ])("on %s", async (_what, answers, told) => {
    const hub = hubOf(answers as Record<string, string | null>) as unknown as Hub;
    expect((await askEngines(() => hub, "door")).told).toEqual(told);
  });

  it("says how many of a large fleet were not asked", async () => {
    const names = Array.from({ length: 50 }, (_, at) => [`d${at}`, null] as const);
    const hub = hubOf(Object.fromEntries(names)) as unknown as Hub;
    expect(await askEngines(() => hub, "d0")).toMatchObject({ others: [], unasked: 49 });
  });
});
