import { best, type Module } from "../boards/catalog/index.ts";
import { demandedFps, demandedMpix, type Streams } from "./demand.ts";
import type { Admission, Candidate, Interval } from "./plan-schema.ts";

// What Ubuntu, the agent and video buffers take; common knowledge, not confirmed by a source.
const SYSTEM_MIB = 1500;
const STREAM_MIB = 60;

/** What the streams take of each resource of the board. */
export function admissionsOf(
  board: Module,
  candidate: Candidate,
  streams: readonly Streams[],
  memory: Interval | null,
): Admission[] {
  const count = streams.reduce((sum, one) => sum + one.count, 0);
  const admissions: Admission[] = [];
  if (count > 0) {
    const decoder = best(board.decodeMpixPerSecond);
    admissions.push(admission("decoder", demandedMpix(streams), decoder, "MP/s"));
    const busy = (100 * demandedFps(streams)) / candidate.fps.expected;
    admissions.push(
      admission(candidate.accelerator.startsWith("dla") ? "dla" : "gpu", busy, 100, "%"),
    );
  }
  if (memory) {
    const gb = best(board.memoryGb);
    const used = memory.expected + SYSTEM_MIB + count * STREAM_MIB;
    admissions.push(admission("memory", used, gb === null ? null : gb * 1024, "MiB"));
  }
  return admissions;
}

function admission(
  resource: Admission["resource"],
  used: number,
  available: number | null,
  unit: string,
): Admission {
  return { resource, used, available, unit, fits: available === null ? null : used <= available };
}
