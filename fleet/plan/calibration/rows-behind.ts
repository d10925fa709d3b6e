import { findModule, type GpuArch, SOCS } from "../../boards/catalog/index.ts";
import type { Precision } from "../estimate/hardware.ts";
import { trtNumber } from "../layers/index.ts";
import { groupBy } from "../lists.ts";
import { FIGURES, type Figure } from "./figures.ts";

export interface Kind {
  arch: GpuArch;
  precision: Precision;
  usesDla: boolean;
}

/**
 * Which published figures an answer of this kind rests on, in one line: how many of each source and TensorRT, and what
 * was measured; and that none is of the TensorRT that builds, where that is so.
 */
export function rowsBehind({ arch, precision, usesDla }: Kind, trt: number): string | null {
  const rows = FIGURES.filter(
    (figure) =>
      archOf(figure) === arch &&
      figure.precision === precision &&
      figure.device.includes("dla") === usesDla,
  );
  if (rows.length === 0) return null;
  const groups = [
    ...groupBy(rows, ({ source, trt: version, kind }) => `${version}|${kind}|${source}`),
  ].map(([, group]) => group);
  const parts = groups
    .sort(([a], [b]) => trtNumber(a?.trt ?? "0") - trtNumber(b?.trt ?? "0"))
    .map((group) => {
      const [{ trt: version, kind, source }] = group as [Figure, ...Figure[]];
      return `${group.length} of TensorRT ${version} (${source}, ${KINDS[kind]})`;
    });
  const same = rows.some((figure) => sameGeneration(trtNumber(figure.trt), trt));
  const none = same ? "" : "; none is of the TensorRT that builds here";
  const where = usesDla ? "with a DLA" : "on the GPU";
  return `figures of ${arch} in ${precision.toUpperCase()} ${where}: ${parts.join(", ")}${none}`;
}

const KINDS: Readonly<Record<Figure["kind"], string>> = {
  compute: "the engine alone",
  program: "a whole program",
};

function archOf({ board }: Figure): GpuArch | null {
  const module = findModule(board);
  return module ? SOCS[module.soc].arch : null;
}

/** TensorRT 8.0 to 8.6 are one generation. */
function sameGeneration(a: number, b: number): boolean {
  return Math.floor(a / 100) === Math.floor(b / 100);
}
