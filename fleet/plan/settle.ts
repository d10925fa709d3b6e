import {
  best,
  jetpackRelease,
  type Module,
  newestJetpack,
  type PowerModeFacts,
  releasesFor,
  SOCS,
  supports,
  usableDlaCores,
} from "../boards/catalog/index.ts";
import { FleetError } from "../errors/index.ts";
import type { PrecisionChoice } from "../spec/index.ts";
import { RTX_BUILT } from "./calibration/rtx.ts";
import { type Hardware, hardwareOf, type Precision } from "./estimate/hardware.ts";
import { trtNumber } from "./layers/index.ts";

/** A module with its software and power mode, as it is planned for. */
export interface Platform {
  module: Module;
  jetpack: string | null;
  tensorrt: string | null;
  /** TensorRT as a comparable number. */
  trt: number;
  mode: PowerModeFacts | null;
  hardware: Hardware;
  /** DLA cores that the software can use. */
  dlaCores: number;
}

/** What is planned for where the question leaves it open; throws where it contradicts the tables. */
export function settlePlatform(
  module: Module,
  said: { jetpack?: string; powerMode?: string },
): Platform {
  const jetpack = settleJetpack(module, said.jetpack);
  const released = jetpack === null ? null : (jetpackRelease(jetpack)?.tensorrt ?? null);
  const mode = settleMode(module, said.powerMode);
  const hardware = hardwareOf(module, mode);
  if (hardware === null) {
    throw new FleetError("BOARD_UNKNOWN", `Not enough is known of ${module.id} to plan for it`, {
      hint: `Run \`jetfleet modules show ${module.id}\` for what is known.`,
    });
  }
  return {
    module,
    jetpack,
    tensorrt: hardware.builder === "tensorrt-rtx" ? `RTX ${RTX_BUILT.version}` : released,
    trt: parserOf(released),
    mode,
    hardware,
    dlaCores: usableDlaCores(module, jetpack),
  };
}

/**
 * The release of TensorRT by whose parser a model is read: where there is none, for TensorRT-RTX, one that takes the same
 * but for what `tensorrt-rtx.ts` names.
 */
export function parserOf(released: string | null): number {
  return trtNumber(released ?? "10.3");
}

function settleJetpack(module: Module, wanted: string | undefined): string | null {
  if (wanted === undefined) return newestJetpack(module);
  const supported = supports(module, wanted);
  if (supported === true) return wanted;
  const versions = releasesFor(module).flatMap((release) => release.versions);
  const what =
    supported === null
      ? `JetPack ${wanted} is not in the table`
      : `JetPack ${wanted} does not support ${module.title}`;
  throw new FleetError("USAGE", what, {
    hint:
      versions.length > 0
        ? `It runs ${versions[0]} to ${versions[versions.length - 1]}.`
        : "It runs no JetPack.",
  });
}

function settleMode(module: Module, wanted: string | undefined): PowerModeFacts | null {
  const { modes } = module.powerModes;
  if (wanted === undefined) return modes.find(({ name }) => name.startsWith("MAXN")) ?? null;
  const mode = modes.find(({ name, id }) => name === wanted || String(id) === wanted);
  if (mode) return mode;
  const names = modes.map(({ name }) => name).join(", ") || "none that the table knows";
  throw new FleetError(
    "USAGE",
    `expected a power mode of ${module.id}, ${names}, got ${JSON.stringify(wanted)}`,
  );
}

/** The precision that is planned for, and those that what comes nearest is looked for in. */
export interface Precisions {
  settled: Precision;
  open: readonly Precision[];
}

export function settlePrecisions(module: Module, wanted: PrecisionChoice): Precisions {
  return { settled: settlePrecision(module, wanted), open: fastPrecisions(module) };
}

/** Precisions that the GPU gains by; FP32 everywhere. */
function fastPrecisions(module: Module): Precision[] {
  const { fastFp16, fastInt8 } = SOCS[module.soc];
  return [
    "fp32",
    ...(best(fastFp16) ? (["fp16"] as const) : []),
    ...(best(fastInt8) ? (["int8"] as const) : []),
  ];
}

/** INT8 needs calibration data, so it is only taken when asked for; where it is not fast, FP16 stands in. */
function settlePrecision(module: Module, wanted: PrecisionChoice): Precision {
  const { fastFp16, fastInt8 } = SOCS[module.soc];
  const half = best(fastFp16) ? "fp16" : "fp32";
  if (wanted === "auto") return half;
  return wanted === "int8" && best(fastInt8) === false ? half : wanted;
}
