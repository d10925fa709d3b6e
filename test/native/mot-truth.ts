import { readFileSync } from "node:fs";
import type { NativeAnalyseOptions } from "../../native/binding/api.ts";
import { data } from "./addon.ts";
import type { TruthTrack } from "./count-truth.ts";

type Frame = NativeAnalyseOptions["frames"][number];

/** Ground truth of a sequence of MOT15, by frame and by track. */
export function readTruth(sequence: string) {
  const read = (file: string) => readFileSync(data(`mot/${sequence}/${file}`), "utf8");
  const info = read("seqinfo.ini");
  const number = (key: string) => Number(new RegExp(`${key}=(\\d+)`).exec(info)?.[1]);
  const fps = number("frameRate");
  const frames = Array.from({ length: number("seqLength") }, (_, at): Frame => {
    return { ptsMs: (1000 * at) / fps, tracks: [] };
  });
  const tracks = new Map<number, TruthTrack>();
  for (const row of read("gt.txt").trim().split("\n")) {
    const [frame = 0, id = 0, left = 0, top = 0, width = 0, height = 0] = row
      .split(",")
      .map(Number);
    frames[frame - 1]?.tracks.push({ trackId: id, left, top, width, height, score: 1 });
    const track = tracks.get(id) ?? { id, sights: [] };
    tracks.set(id, track);
    track.sights.push({ frame: frame - 1, left, top, width, height });
  }
  return {
    frames,
    tracks: [...tracks.values()],
    fps,
    width: number("imWidth"),
    height: number("imHeight"),
  };
}
