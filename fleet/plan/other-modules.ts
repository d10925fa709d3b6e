import { best, MODULES, type Module } from "../boards/catalog/index.ts";
import { isFleetError } from "../errors/index.ts";
import { type Demand, demandedMpix } from "./demand.ts";
import { type MappedGraph, mapGraph } from "./layers/index.ts";
import { rankOf, SURE } from "./policy.ts";
import { type Platform, settlePlatform, settlePrecisions } from "./settle.ts";
import type { ShapedGraph } from "./shapes/index.ts";
import { waysOf } from "./ways.ts";

/** The Jetson with the least GPU that surely meets a demand alone, on its GPU and without INT8; null when none does. */
export function moduleThatWould(shaped: ShapedGraph, demand: Demand): string | null {
  const mapped = new Map<number, MappedGraph>();
  const graphFor = (trt: number): MappedGraph => {
    const known = mapped.get(trt) ?? mapGraph(shaped, trt);
    mapped.set(trt, known);
    return known;
  };
  const found = platforms().find((platform) => {
    const { module, trt } = platform;
    const ways = waysOf(
      graphFor(trt),
      shaped,
      { ...platform, dlaCores: 0 },
      settlePrecisions(module, "auto"),
    );
    const [gpu] = ways.candidates;
    return (
      gpu !== undefined && decodes(module, demand) && rankOf(gpu.candidate, demand, []) === SURE
    );
  });
  return found?.module.title ?? null;
}

/** Jetsons of which enough is known, the least GPU first. */
function platforms(): Platform[] {
  return MODULES.filter(({ lastJetpack }) => best(lastJetpack) !== null)
    .flatMap((module) => {
      try {
        return [settlePlatform(module, {})];
      } catch (error) {
        if (isFleetError(error, "BOARD_UNKNOWN")) return [];
        throw error;
      }
    })
    .sort((a, b) => a.hardware.gpuFlops.fp16 - b.hardware.gpuFlops.fp16);
}

function decodes({ decodeMpixPerSecond }: Module, { streams }: Demand): boolean {
  const asked = demandedMpix(streams);
  return asked === 0 || asked <= (best(decodeMpixPerSecond) ?? 0);
}
