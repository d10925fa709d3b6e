import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Figures {
  fps: number;
  cpuMsPerFrame: number;
  /** null where it is not measured. */
  peakRssMb: number | null;
}

const execute = promisify(execFile);

/** Each contender has a process of its own, so that CPU time and memory are its own. */
export async function measureInChild(
  contender: "pipeline" | "infer",
  model: string,
  clip: string,
): Promise<Figures> {
  const child = join(import.meta.dirname, "child.ts");
  const { stdout } = await execute(process.execPath, [child, contender, model, clip]);
  return JSON.parse(stdout) as Figures;
}

/** The runtime's own decoder settings in gst-launch: what decoding costs without us. */
export async function measureDecode(clip: string, frames: number): Promise<Figures> {
  const pipeline = `filesrc location="${clip}" ! parsebin ! avdec_h264 max-threads=1 ! fakesink sync=false`;
  // bash's `time` reports what a child used; Node does not.
  const script = `TIMEFORMAT='%R %U %S'; time gst-launch-1.0 -q ${pipeline} >/dev/null`;
  const { stderr } = await execute("bash", ["-c", script]);
  const [wall = NaN, user = NaN, system = NaN] =
    stderr.trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
  return {
    fps: frames / wall,
    cpuMsPerFrame: ((user + system) * 1000) / frames,
    peakRssMb: null,
  };
}
