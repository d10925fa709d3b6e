import { best, type Module } from "../boards/catalog/index.ts";
import { type Demand, demandedMpix, type Streams } from "./demand.ts";
import type { Admission, Candidate, Interval, NamedUsage, Usage } from "./plan-schema.ts";

/**
 * What the system takes before any pipeline: the median of tegrastats on idle boards (Nano 534, AGX Xavier 721, TX2 977,
 * TX1 1179, TX2 4GB 1873, TX2 with a desktop 2344 MB; captures of DataDog's agent and a public gist).
 */
const SYSTEM_MIB = 1078;

// H.264 and H.265 keep at most 16 decoded pictures; as many again as a pipeline's queues hold are on their way.
const PICTURES_OF_A_STREAM = 16 + 4;
const NV12_BYTES_PER_PIXEL = 1.5;

/** Memory of one camera's decoded pictures. */
export function streamMib({ width, height }: Pick<Streams, "width" | "height">): number {
  return (width * height * NV12_BYTES_PER_PIXEL * PICTURES_OF_A_STREAM) / 2 ** 20;
}

/** What a way to run a model takes of the board when it keeps up with the demand. */
export function usageOf(
  candidate: Candidate | null,
  { streams, fps }: Demand,
  memory: Interval | null,
): Usage {
  const busy = (device: keyof Candidate["busy"]): number | null => {
    const share = candidate?.busy[device] ?? 0;
    if (share === 0) return 0;
    return fps === 0 || !candidate?.fps ? null : (share * fps) / candidate.fps.expected;
  };
  const pictures = streams.reduce((sum, one) => sum + one.count * streamMib(one), 0);
  return {
    decoderMpixPerSecond: streams.length === 0 ? null : demandedMpix(streams),
    gpuBusy: busy("gpu"),
    dla0Busy: busy("dla0"),
    dla1Busy: busy("dla1"),
    memoryMib: memory && memory.expected + pictures,
  };
}

interface Resource {
  resource: Admission["resource"];
  of: (usage: Usage) => number | null;
  available: (module: Module) => number | null;
  unit: string;
  /** Taken before any pipeline. */
  system?: number;
}

const RESOURCES: readonly Resource[] = [
  {
    resource: "decoder",
    of: ({ decoderMpixPerSecond }) => decoderMpixPerSecond,
    available: (module) => best(module.decodeMpixPerSecond),
    unit: "MP/s",
  },
  { resource: "gpu", of: ({ gpuBusy }) => percent(gpuBusy), available: () => 100, unit: "%" },
  { resource: "dla0", of: ({ dla0Busy }) => percent(dla0Busy), available: () => 100, unit: "%" },
  { resource: "dla1", of: ({ dla1Busy }) => percent(dla1Busy), available: () => 100, unit: "%" },
  {
    resource: "memory",
    of: ({ memoryMib }) => memoryMib,
    available: (module) => {
      const gb = best(module.memoryGb);
      return gb === null ? null : gb * 1024;
    },
    unit: "MiB",
    system: SYSTEM_MIB,
  },
];

function percent(share: number | null): number | null {
  return share === null ? null : 100 * share;
}

/**
 * Each resource that this pipeline or another takes something of, against what the board has. Too much of an accelerator
 * is left open where the demand is possible at the good end of the estimate.
 */
export function admissionsOf(
  module: Module,
  usage: Usage,
  beside: readonly NamedUsage[],
  isPossible: boolean,
): Admission[] {
  return RESOURCES.flatMap(({ resource, of, available, unit, system = 0 }): Admission[] => {
    const own = of(usage) ?? 0;
    const others = beside.flatMap((one) => {
      const used = of(one) ?? 0;
      return used > 0 ? [{ name: one.name, used }] : [];
    });
    if (own === 0 && others.length === 0) return [];
    const used = others.reduce((sum, one) => sum + one.used, own + system);
    const limit = available(module);
    return [
      {
        resource,
        used,
        own,
        beside: others,
        available: limit,
        unit,
        fits: limit === null || (used > limit && unit === "%" && isPossible) ? null : used <= limit,
      },
    ];
  });
}

/** Pipelines of which nobody knows what they take of GPU, DLA or decoder. */
export function unknownBeside(beside: readonly NamedUsage[]): string[] {
  return beside
    .filter((one) => RESOURCES.some(({ of }) => of(one) === null))
    .map(({ name }) => name);
}

/** The share of its own rate that a way to run the model keeps while others use the same devices. */
export function shareLeft({ busy }: Candidate, beside: readonly NamedUsage[]): number {
  const left = (device: keyof Candidate["busy"], of: (usage: Usage) => number | null): number => {
    if (busy[device] === 0) return 1;
    const taken = beside.reduce((sum, one) => sum + (of(one) ?? 0), 0);
    return Math.max(0, 1 - taken) / busy[device];
  };
  return Math.min(
    1,
    left("gpu", ({ gpuBusy }) => gpuBusy),
    left("dla0", ({ dla0Busy }) => dla0Busy),
    left("dla1", ({ dla1Busy }) => dla1Busy),
  );
}
