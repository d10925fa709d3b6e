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

/** A board with its software and power mode, as it is planned for. */
export interface Platform {
  board: Module;
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
  board: Module,
  said: { jetpack?: string; powerMode?: string },
): Platform {
  const jetpack = settleJetpack(board, said.jetpack);
  const released = jetpack === null ? null : (jetpackRelease(jetpack)?.tensorrt ?? null);
  const mode = settleMode(board, said.powerMode);
  const hardware = hardwareOf(board, mode);
  if (hardware === null) {
    throw new FleetError("BOARD_UNKNOWN", `Not enough is known of ${board.id} to plan for it`, {
      hint: `Run \`jetfleet boards show ${board.id}\` for what is known.`,
    });
  }
  return {
    board,
    jetpack,
    tensorrt: hardware.builder === "tensorrt-rtx" ? `RTX ${RTX_BUILT.version}` : released,
    // TensorRT-RTX takes what this parser does, but for what `tensorrt-rtx.ts` names.
    trt: trtNumber(released ?? "10.3"),
    mode,
    hardware,
    dlaCores: usableDlaCores(board, jetpack),
  };
}

function settleJetpack(board: Module, wanted: string | undefined): string | null {
  if (wanted === undefined) return newestJetpack(board);
  const supported = supports(board, wanted);
  if (supported === true) return wanted;
  const versions = releasesFor(board).flatMap((release) => release.versions);
  const what =
    supported === null
      ? `JetPack ${wanted} is not in the table`
      : `JetPack ${wanted} does not support ${board.title}`;
  throw new FleetError("USAGE", what, {
    hint:
      versions.length > 0
        ? `It runs ${versions[0]} to ${versions[versions.length - 1]}.`
        : "It runs no JetPack.",
  });
}

function settleMode(board: Module, wanted: string | undefined): PowerModeFacts | null {
  const { modes } = board.powerModes;
  if (wanted === undefined) return modes.find(({ name }) => name.startsWith("MAXN")) ?? null;
  const mode = modes.find(({ name, id }) => name === wanted || String(id) === wanted);
  if (mode) return mode;
  const names = modes.map(({ name }) => name).join(", ") || "none that the table knows";
  throw new FleetError(
    "USAGE",
    `expected a power mode of ${board.id}, ${names}, got ${JSON.stringify(wanted)}`,
  );
}

/** The precision that is planned for, and those that what comes nearest is looked for in. */
export interface Precisions {
  settled: Precision;
  open: readonly Precision[];
}

export function settlePrecisions(board: Module, wanted: PrecisionChoice): Precisions {
  return { settled: settlePrecision(board, wanted), open: fastPrecisions(board) };
}

/** Precisions that the GPU gains by; FP32 everywhere. */
function fastPrecisions(board: Module): Precision[] {
  const { fastFp16, fastInt8 } = SOCS[board.soc];
  return [
    "fp32",
    ...(best(fastFp16) ? (["fp16"] as const) : []),
    ...(best(fastInt8) ? (["int8"] as const) : []),
  ];
}

/** INT8 needs calibration data, so it is only taken when asked for; where it is not fast, FP16 stands in. */
function settlePrecision(board: Module, wanted: PrecisionChoice): Precision {
  const { fastFp16, fastInt8 } = SOCS[board.soc];
  const half = best(fastFp16) ? "fp16" : "fp32";
  if (wanted === "auto") return half;
  return wanted === "int8" && best(fastInt8) === false ? half : wanted;
}
