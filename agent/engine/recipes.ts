import {
  type BuildMachine,
  buildOptionsOf,
  type EngineFacts,
  type EngineKey,
  engineFacts,
  engineKey,
} from "../../fleet/engine/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import type { ModelManifest } from "../../fleet/spec/index.ts";
import type { NativePaths } from "../config.ts";
import type { BuildOptions } from "../supervise/ipc/build.ts";
import type { GoldenWish } from "../supervise/ipc/golden.ts";
import { type EngineHost, keyOn } from "./engine-host.ts";

/** Kinds of engines that one device may need of a model: the processor's, or one for an accelerator in a precision. */
export const SILICON_FORMS = ["gpu fp32", "gpu fp16", "gpu int8", "dla fp16", "dla int8"] as const;
export type SiliconForm = (typeof SILICON_FORMS)[number];
export type EngineForm = "cpu" | SiliconForm;

/** What of a model its engines are made of. */
export type EngineModel = Pick<ModelManifest, "digest" | "calibration" | "float32Nodes">;

const NO_MODEL: EngineModel = { digest: `sha256:${"0".repeat(64)}` };

/** How an engine is made on this device, and the key that names it. */
export interface EngineRecipe {
  form: EngineForm;
  key: EngineKey;
  /** What runs the model as it is, to hold the engine against; null: the precision makes it no measure. */
  reference: GoldenWish["reference"];
  build: Pick<BuildOptions, "backendPath" | "runtimePath" | "accelerator" | "threads" | "keyed"> & {
    computeCapability?: number;
    /** Of the table of INT8 ranges; absent: the model needs none, or has none. */
    calibration?: string;
    /** Whether the backend keeps what it found out about kernels, so that a build can be gone on with. */
    keepsTimings: boolean;
  };
}

/** The backend that builds for the accelerators of this device, and what the device is to it. */
export interface SiliconBuilder {
  backendPath: string;
  /** Folder of the vendor's library; empty: where the system looks. */
  runtimePath: string;
  machine: BuildMachine;
  /** "8.6" of a card that is not in this machine, for which the library builds all the same. */
  absentCard?: string;
}

export interface RecipesOptions {
  native: NativePaths;
  threads: number;
  /** This machine's processor, or why nobody can say what it is. */
  host: EngineHost | FleetError;
  /** At this moment; null: no engine is built for an accelerator. */
  silicon: () => SiliconBuilder | null;
}

/** Says of each engine that this device may need how it is made, so that its key and its build cannot differ. */
export class Recipes {
  readonly #options: RecipesOptions;

  constructor(options: RecipesOptions) {
    this.#options = options;
  }

  /** Throws NATIVE_LOAD where nobody can say what this machine is. */
  of(model: EngineModel, form: EngineForm): EngineRecipe {
    return form === "cpu" ? this.#ofProcessor(model.digest) : this.#ofSilicon(model, form);
  }

  /** Digests of all keys that engines of a model have here. */
  keysOf(model: EngineModel): string[] {
    return this.#forms().map((form) => this.of(model, form).key.digest);
  }

  /** By form, a digest of all in a key that is not the model: devices of the same may share engines. */
  hosts(): Record<string, string> {
    const forms = this.#forms();
    return Object.fromEntries(forms.map((form) => [form, this.of(NO_MODEL, form).key.digest]));
  }

  #forms(): EngineForm[] {
    const { host } = this.#options;
    const silicon = this.#options.silicon();
    return [
      ...(host instanceof FleetError ? [] : (["cpu"] as const)),
      ...(silicon === null ? [] : SILICON_FORMS),
    ];
  }

  #ofProcessor(model: string): EngineRecipe {
    const { host, native, threads } = this.#options;
    if (host instanceof FleetError) throw host;
    const { backendPath, runtimePath } = native;
    return {
      form: "cpu",
      key: keyOn(host, model),
      reference: this.#reference,
      build: { backendPath, runtimePath, accelerator: "cpu", threads, keepsTimings: false },
    };
  }

  get #reference(): NonNullable<GoldenWish["reference"]> {
    const { native, threads } = this.#options;
    const { backendPath, runtimePath } = native;
    return { backendPath, runtimePath, threads };
  }

  #ofSilicon(model: EngineModel, form: SiliconForm): EngineRecipe {
    const { threads } = this.#options;
    const silicon = this.#options.silicon();
    if (silicon === null) {
      throw new FleetError("NATIVE_LOAD", `Nothing on this device builds an engine for ${form}`);
    }
    const { backendPath, runtimePath, machine, absentCard } = silicon;
    const facts = engineFacts(machine, { ...requestOf(form), ...partOf(model, form) });
    return {
      form,
      key: engineKey(facts),
      reference: facts.precision === "int8" ? null : this.#reference,
      build: {
        ...{ backendPath, runtimePath, threads, keyed: buildOptionsOf(facts), keepsTimings: true },
        // The cores of a DLA are alike: which one is said when the engine is loaded.
        accelerator: facts.accelerator === "gpu" ? "gpu" : "dla0",
        ...(facts.calibration !== null && { calibration: facts.calibration }),
        ...(absentCard !== undefined && { computeCapability: 10 * Number(absentCard) }),
      },
    };
  }
}

function requestOf(form: SiliconForm): Pick<EngineFacts, "accelerator" | "precision"> & {
  gpuFallback: boolean;
} {
  const [accelerator, precision] = form.split(" ") as [
    EngineFacts["accelerator"],
    EngineFacts["precision"],
  ];
  return { accelerator, precision, gpuFallback: accelerator === "dla" };
}

/** FP32 is float32 everywhere, and ranges are of INT8 only: what is of no account makes no other key. */
function partOf({ digest, calibration, float32Nodes = [] }: EngineModel, form: SiliconForm) {
  return {
    model: digest,
    calibration: form.endsWith(" int8") ? (calibration?.digest ?? null) : null,
    float32Nodes: form.endsWith(" fp32") ? [] : float32Nodes,
  };
}
