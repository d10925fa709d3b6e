/** What a device does with a model that works on a GPU and two DLAs at once: a builder that is a stand-in, a real store. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EngineStore } from "../../../agent/engine/engine-store.ts";
import { Engines } from "../../../agent/engine/engines.ts";
import { Recipes } from "../../../agent/engine/recipes.ts";
import { HubEngines } from "../../../agent/engine/share/hub-engines.ts";
import { Refusals } from "../../../agent/engine/share/refusals.ts";
import { Sharing } from "../../../agent/engine/share/sharing.ts";
import { TimingCaches } from "../../../agent/engine/timing-caches.ts";
import { createLog } from "../../../agent/report/log.ts";
import { packEnvelope } from "../../../agent/supervise/envelope.ts";
import type { BuildOptions } from "../../../agent/supervise/ipc/build.ts";
import type { ToRunner } from "../../../agent/supervise/ipc/orders.ts";
import {
  formsOf,
  placeOnSilicon,
  type Silicon,
  siliconOptions,
} from "../../../agent/supervise/place-on-silicon.ts";
import type { RunnerListener } from "../../../agent/supervise/runner-child.ts";
import type { BuildMachine } from "../../../fleet/engine/index.ts";
import { FleetError } from "../../../fleet/errors/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import type { ModelManifest } from "../../../fleet/spec/index.ts";
import { Connector } from "../../../fleet/transfer/connector.ts";
import { IdentityFile } from "../../../fleet/transfer/identity/identity-file.ts";
import { TrustedClock } from "../../../fleet/transfer/identity/trusted-clock.ts";
import { modelOf } from "../support/desired.ts";

const MODEL = modelOf("people", "a model");
const ENDED = { code: 0, signal: null, lastLine: "", overMemoryBytes: null, notStarted: null };
const MACHINE: BuildMachine = {
  ...{ backend: "tensorrt", version: "8.5.2", packageVersion: "8.5.2-1+cuda11.4", plugins: {} },
  ...{ l4t: "35.4.1", soc: "tegra194", computeCapability: "7.2", module: "2888-0004" },
  multiprocessors: 8,
};
const BACKEND = "/opt/jetfleet/libjetfleet-backend-tensorrt-8.5.so";
const XAVIER: Silicon = {
  accelerators: ["gpu", "dla0", "dla1"],
  ...{ objects: [BACKEND], folders: ["/opt/jetfleet"], tensorrt: "8.5.2-1+cuda11.4" },
  ...{ unknown: [], runtimePath: "" },
};

let stateDir: string;
let engines: Engines;
let store: EngineStore;
let orders: BuildOptions[];
let most: number;
let running: number;
/** Says of an accelerator why nothing can be built for it. */
let refuses: (accelerator: string) => string | null;

const engineFor = (options: BuildOptions): Buffer =>
  Buffer.from(`engine for ${options.accelerator}`);

/** A builder that has built at the next turn. */
function launch(_limits: unknown, listener: RunnerListener) {
  let engine: Buffer = Buffer.alloc(0);
  const gone = (): void => {
    running -= 1;
    setImmediate(() => listener.onEnd(ENDED));
  };
  return {
    pid: 1,
    send: (order: ToRunner) => {
      if (order.type === "stop") return gone();
      if (order.type === "read-engine") {
        const json = engine.subarray(order.offset);
        return void listener.onResults(
          packEnvelope({ type: "engine", modelId: "", frames: 0, json }),
        );
      }
      if (order.type !== "build") return;
      running += 1;
      most = Math.max(most, running);
      orders.push(order.options);
      engine = engineFor(order.options);
      const why = refuses(order.options.accelerator);
      const untried = { code: "NATIVE_LOAD" as const, message: "no driver" };
      setImmediate(() =>
        listener.onAnswer(
          why === null
            ? {
                ...{ type: "built", sizeBytes: engine.length, digest: sha256Digest(engine) },
                ...{ golden: null, untried, held: null },
              }
            : {
                type: "build-failed",
                error: { code: "MODEL_INVALID", message: why },
                noRoom: false,
              },
        ),
      );
    },
    limitMemory: () => undefined,
    freeze: () => undefined,
    kill: gone,
  };
}

beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), "jetfleet-several-"));
  [orders, most, running, refuses] = [[], 0, 0, () => null];
  inUse = [MODEL];
  store = new EngineStore(stateDir);
  await store.open();
  const log = createLog({ write: () => {} });
  const common = {
    launch,
    addonPath: "/addon",
    objectPath: (of: string) => `/${of}`,
    quotaBytes: 1e6,
    log,
  };
  const identity = new IdentityFile(join(stateDir, "identity.pem"));
  const hub = new HubEngines({
    connector: new Connector(identity, new TrustedClock()),
    ...{ hubUrl: "https://127.0.0.1:9", answerMs: 10 },
  });
  const native = { addonPath: "/addon", backendPath: "/cpu", runtimePath: "/onnxruntime" };
  engines = new Engines({
    ...common,
    ...{ store, timings: new TimingCaches(stateDir), heat: { coolCelsius: 75, hotCelsius: 85 } },
    sharing: new Sharing({
      ...{ ...common, store, hub, fleet: "demo", refusals: new Refusals(stateDir) },
      ...{ caPem: () => "", isOn: false, waitMs: 0, onEvent: () => undefined },
      attester: {
        ...{ fleet: "demo", device: "door", bootId: "b", agentVersion: "1" },
        identity: () => null,
      },
    }),
    recipes: new Recipes({
      ...{ native, threads: 1, host: new FleetError("NATIVE_LOAD", "not asked") },
      silicon: () => ({ backendPath: BACKEND, runtimePath: "", machine: MACHINE }),
    }),
    modelsInUse: () => inUse,
    conditions: () =>
      Promise.resolve({ freeDiskBytes: 1e12, freeMemoryBytes: 1e12, hottestCelsius: 40 }),
    ...{ lookMs: 1000, simulatedMs: () => Promise.resolve(null) },
    ...{
      onProgress: () => undefined,
      onEvent: () => undefined,
      onBuilt: () => undefined,
      onLayers: () => undefined,
      planOf: () => null,
    },
  });
});
afterEach(async () => {
  await engines.stop();
  rmSync(stateDir, { recursive: true });
});

let inUse: ModelManifest[];

const SPLIT = placeOnSilicon({ accelerator: "split" }, XAVIER);
const bring = (forms = formsOf(SPLIT)) => engines.bring(MODEL, forms, new AbortController().signal);

describe("a model on a GPU and two DLAs", () => {
  it("has an engine for the GPU and one for both DLAs, built one after the other, each under a key of its own", async () => {
    await bring();
    expect(most).toBe(1);
    expect(orders.map(({ accelerator, keyed }) => [accelerator, keyed?.precision])).toEqual([
      ["gpu", "fp16"],
      ["dla0", "fp16"],
    ]);
    expect(orders.map(({ keyed }) => keyed?.gpuFallback)).toEqual([false, true]);
    const [gpu = "", dla = ""] = orders.map(({ engineKey }) => engineKey);
    expect(gpu).toMatch(/^accelerator gpu$/m);
    expect(dla).toMatch(/^accelerator dla with gpu fallback$/m);

    expect(SPLIT.place).not.toBeNull();
    if (SPLIT.place === null) return;
    const { lanes } = siliconOptions(SPLIT.place, (form) => engines.placeOf(MODEL, form));
    expect(lanes.map(({ accelerator }) => accelerator)).toEqual(["gpu", "dla0", "dla1"]);
    expect(lanes.map(({ path }) => readFileSync(path, "utf8"))).toEqual([
      "engine for gpu",
      "engine for dla0",
      "engine for dla0",
    ]);
    await bring();
    expect(orders).toHaveLength(2);
  });

  it("has none of the second where that cannot be built, keeps the first, and tries neither again", async () => {
    refuses = (accelerator) => (accelerator === "dla0" ? "no layer fits a DLA" : null);
    await expect(bring()).rejects.toThrow(/no layer fits a DLA/);
    await expect(bring()).rejects.toThrow(/is not tried again/);
    expect(orders.map(({ accelerator }) => accelerator)).toEqual(["gpu", "dla0"]);
    // The GPU alone goes on with what there is.
    await bring(["gpu fp16"]);
    expect(orders).toHaveLength(2);
    expect(store.all().map(({ accelerator, outcome }) => [accelerator, outcome])).toEqual(
      expect.arrayContaining([
        ["gpu fp16", "built"],
        ["dla fp16", "unbuildable"],
      ]),
    );
  });

  it("builds once what two pipelines want at the same time, and one engine at a time for both", async () => {
    await Promise.all([bring(), bring(["dla fp16"]), bring(["gpu int8"]), bring()]);
    expect(most).toBe(1);
    const built = orders.map(({ accelerator, keyed }) => `${accelerator} ${keyed?.precision}`);
    expect(built.sort()).toEqual(["dla0 fp16", "gpu fp16", "gpu int8"]);
  });
});

describe("an engine's calibration and float32 nodes", () => {
  const build = (model: ModelManifest, form: "gpu fp32" | "gpu fp16" | "gpu int8") => {
    inUse = [...inUse, model];
    return engines.bring(model, [form], new AbortController().signal);
  };
  const table = (name: string) => ({ digest: sha256Digest(name), sizeBytes: 1000 });
  const keyOf = (at: number) => orders[at]?.engineKey ?? "";

  it("are what it is built with and named by: another table is another engine, beside the former", async () => {
    const former = { ...MODEL, calibration: table("a month ago") };
    const latter = { ...MODEL, calibration: table("today") };
    await build(former, "gpu int8");
    await build(latter, "gpu int8");
    const { digest } = latter.calibration;
    expect(orders[1]?.calibration).toEqual({ path: `/${digest}`, digest });
    expect(keyOf(1)).toContain(`\ncalibration ${digest}\n`);
    expect(keyOf(0)).toContain(`\ncalibration ${former.calibration.digest}\n`);
    const noted = store.all().map(({ key }) => key);
    expect(new Set(noted)).toEqual(new Set([keyOf(0), keyOf(1)]));
    expect(engines.list().map((one) => [one.current, one.inUse])).toEqual([
      [true, true],
      [true, true],
    ]);
    // Once nothing goes back to the former, it is one that may go.
    inUse = [latter];
    expect(
      engines
        .list()
        .filter((one) => one.inUse)
        .map(({ key }) => key),
    ).toEqual([sha256Digest(keyOf(1))]);
    await build(latter, "gpu int8");
    expect(orders).toHaveLength(2);
  });

  it("make no other engine where they are of no account", async () => {
    const told = { ...MODEL, calibration: table("today"), float32Nodes: ["/box_out/Conv"] };
    await build(told, "gpu fp16");
    expect(orders[0]?.calibration).toBeUndefined();
    expect(orders[0]?.keyed?.float32Nodes).toEqual(["/box_out/Conv"]);
    expect(keyOf(0)).toContain('\nfloat32-node "/box_out/Conv"\n');
    expect(keyOf(0)).not.toContain("calibration");
    await build(told, "gpu fp32");
    await build(MODEL, "gpu fp32");
    expect(orders).toHaveLength(2);
    expect(orders[1]?.keyed?.float32Nodes).toEqual([]);
    await build(told, "gpu int8");
    expect(orders[2]?.keyed?.float32Nodes).toEqual(["/box_out/Conv"]);
  });
});
