import { writeFileSync } from "node:fs";
import { inspect } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { addon, Fixture, LIBRARIES, model, Run } from "./addon.ts";
import { tinyModel } from "./tiny-model.ts";

/** The review list of a binding, asked of every call of api.ts; what ends a process is in exit.test.ts. */

const fixture = new Fixture();
afterAll(() => fixture.dispose());

const image = { rgb: new Uint8Array(64 * 48 * 3), width: 64, height: 48 };
const tiny = model(fixture.model);
const looped = fixture.options({ sources: [{ ...fixture.source, loop: true }] });
const tracking = { highScore: 0.5, lowScore: 0.1, newTrackScore: 0.6, fuseScore: true, fps: 25 };

type Call = (...args: never[]) => unknown;

/** Every call with arguments that are right. */
const CALLS: [string, Call, unknown[]][] = [
  ["startPipeline", addon.startPipeline, [looped, () => undefined]],
  ["testModel", addon.testModel, [tiny]],
  ["measureInference", addon.measureInference, [tiny, 2]],
  ["inspectModel", addon.inspectModel, [{ path: fixture.model, ...LIBRARIES }]],
  ["detectImage", addon.detectImage, [tiny, image]],
  ["trackDetections", addon.trackDetections, [tracking, [[]]]],
];

const ODD = [
  ...[undefined, null, true, 0, -1, 1e308, Number.NaN, Number.POSITIVE_INFINITY, 7n, ""],
  ...["\0", "x".repeat(1 << 20), Symbol("s"), [], {}, new Uint8Array(0), () => undefined],
];
/** What some property takes is no odd value for it. */
const TAKEN: Record<string, (value: unknown) => boolean> = {
  id: (value) => value === undefined || value === null || typeof value === "string",
  name: (value) => typeof value === "string" || value === undefined || value === null,
  uri: (value) => typeof value === "string",
  realtime: (value) => value === undefined || value === null,
  transport: (value) => value === undefined || value === null,
  loop: (value) => value === true,
  track: () => true,
  fuseScore: (value) => value === true,
  detectInterval: () => true,
  "0": (value) => value === null || typeof value === "string" || Array.isArray(value),
  algorithm: () => true,
  decoder: () => true,
  runs: () => false,
  minScore: (value) => value === 0,
  nmsIou: (value) => value === 0,
  highScore: (value) => value === 0,
  lowScore: (value) => value === 0,
  newTrackScore: (value) => value === 0,
  batchMs: (value) => value === 0,
};

/** Every property of the arguments by its path. */
function pathsIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  const own = path.length > 0 ? [path] : [];
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return own;
  return [
    ...own,
    ...Object.keys(value).flatMap((key) => pathsIn((value as never)[key], [...path, key])),
  ];
}

function withValue(value: unknown, [key, ...rest]: (string | number)[], put: unknown): unknown {
  if (key === undefined) return put;
  const copy: unknown = Array.isArray(value) ? [...value] : { ...(value as object) };
  (copy as Record<string | number, unknown>)[key] = withValue((value as never)[key], rest, put);
  return copy;
}

/** What became of a call: its error, or null when it was taken. */
async function outcome(call: Call, args: unknown[]): Promise<unknown> {
  try {
    const result = await (call as (...args: unknown[]) => unknown)(...args);
    await (result as { stop?: () => Promise<void> } | undefined)?.stop?.();
    return null;
  } catch (error) {
    return error;
  }
}

describe.each(CALLS)("%s", (_, call, args) => {
  test("takes what is right, twice at once", async () => {
    expect(await Promise.all([outcome(call, args), outcome(call, args)])).toEqual([null, null]);
  });

  test("refuses no arguments, and arguments that are no objects", async () => {
    for (const odd of [
      [],
      ...ODD.filter((value) => typeof value !== "object").map((v) => [v, v]),
    ]) {
      expect(await outcome(call, odd)).toBeInstanceOf(Error);
    }
  });

  const paths = pathsIn(args).filter(([first, ...rest]) => !(first === "1" && rest.length === 0));
  test.each(paths.map((path) => [path.join("."), path] as const))(
    "refuses what %s must not be",
    async (_path, path) => {
      const key = String(path.at(-1));
      for (const odd of ODD) {
        if (TAKEN[key]?.(odd) === true) continue;
        const error = await outcome(call, withValue(args, [...path], odd) as unknown[]);
        expect(error, `${path.join(".")} = ${inspect(odd).slice(0, 20)}`).toBeInstanceOf(Error);
        expect((error as Error).message).not.toBe("");
      }
    },
  );

  // Of decoder and algorithm there is one each; they are not read.
  test("brings an exception of a getter to the caller", async () => {
    for (const path of paths) {
      const trap = withValue(args, [...path], undefined) as unknown[];
      const holder = path.slice(0, -1).reduce<unknown>((value, key) => (value as never)[key], trap);
      if (Array.isArray(holder) || ["decoder", "algorithm"].includes(String(path.at(-1)))) continue;
      Object.defineProperty(holder, String(path.at(-1)), {
        get: () => {
          throw new Error("mine");
        },
      });
      expect(await outcome(call, trap)).toBeInstanceOf(Error);
    }
    expect(await outcome(call, args)).toBeNull();
  });
});

describe("measureInference", () => {
  test.each([0, -1, 1e9, Number.NaN, "2"])("refuses %s runs", async (runs) => {
    expect(await outcome(addon.measureInference, [tiny, runs])).toBeInstanceOf(TypeError);
  });
});

describe("detectImage", () => {
  test.each([
    ["of zero size", { ...image, width: 0 }],
    ["larger than any picture", { ...image, width: 16_385 }],
    ["with too few pixels", { ...image, rgb: new Uint8Array(5) }],
    ["of floats", { ...image, rgb: new Float32Array(64 * 48 * 3) }],
    ["whose pixels are gone", { ...image, rgb: detached() }],
  ])("refuses a picture %s", async (_, odd) => {
    expect(await outcome(addon.detectImage, [tiny, odd])).toBeInstanceOf(TypeError);
  });

  function detached(): Uint8Array {
    const rgb = new Uint8Array(64 * 48 * 3);
    structuredClone(rgb.buffer, { transfer: [rgb.buffer] });
    return rgb;
  }
});

describe("trackDetections", () => {
  const box = { left: 0, top: 0, width: 10, height: 10, score: 0.9 };

  test.each([
    ["frames that are no arrays", [null, 3]],
    ["boxes of no numbers", [[{ ...box, left: Number.NaN }]]],
    ["boxes that are none", [[null]]],
    ["a score beyond 1", [[{ ...box, score: 2 }]]],
  ])("refuses %s", async (_, frames) => {
    expect(await outcome(addon.trackDetections, [tracking, frames])).toBeInstanceOf(TypeError);
  });
});

describe("a pipeline's handle", () => {
  test("refuses a swap to what is no model, and goes on", async () => {
    const run = await Run.start(looped);
    for (const path of pathsIn(tiny)) {
      const [key = ""] = path;
      if (TAKEN[key] !== undefined) continue;
      const odd = withValue(tiny, path, Symbol("s"));
      await expect(run.pipeline.swapModel(odd as never)).rejects.toThrow(/Expected/);
    }
    const seen = run.frames.length;
    await run.until(({ frames }) => frames.length > seen);
    await run.stop();
  });

  test("takes no swap while it stops nor after, and stops as often as one likes", async () => {
    const run = await Run.start(looped);
    const stopping = run.stop();
    const during = outcome(run.pipeline.swapModel.bind(run.pipeline), [tiny]);
    await stopping;
    expect(await during).toMatchObject({ code: "CANCELLED" });
    await expect(run.pipeline.swapModel(tiny)).rejects.toMatchObject({ code: "CANCELLED" });
    await Promise.all([run.stop(), run.stop()]);
  });

  test("says that memory for a model is not there instead of ending the process", async () => {
    const huge = fixture.file("huge.onnx");
    writeFileSync(huge, tinyModel({ input: [1, 3, 1 << 20, 1 << 20] }));
    const error = await outcome(addon.testModel, [model(huge)]);
    expect(error).toMatchObject({ code: "MODEL_INVALID" });
  });
});
