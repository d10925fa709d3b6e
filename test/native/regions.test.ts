import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NativeSource } from "../../native/binding/api.ts";
import {
  data,
  Fixture,
  ffmpeg,
  fileSource,
  hasData,
  needsData,
  Run,
  type Stats,
  yoloxNano,
} from "./addon.ts";

type Box = [number, number, number, number];
interface Found {
  label: string;
  score: number;
  box: Box;
}
interface Tile {
  left: number;
  top: number;
  width: number;
  height: number;
}

const [WIDTH, HEIGHT, FRAMES] = [640, 480, 40];
/** Four that overlap by more than a person's width; whole pairs of pixels, so that ffmpeg cuts the very same. */
const TILES: Tile[] = [0, 240].flatMap((left) =>
  [0, 160].map((top) => ({ left, top, width: 400, height: 320 })),
);

describe.skipIf(!hasData)(`parts of real pictures${needsData}`, { timeout: 240_000 }, () => {
  let fixture: Fixture;
  let clip: string;
  beforeAll(() => {
    fixture = new Fixture();
    clip = fixture.file("street.mp4");
    const short = ["-frames:v", String(FRAMES), "-an"];
    ffmpeg("-i", data("mot/TUD-Campus/TUD-Campus.mp4"), ...short, ...LOSSLESS, clip);
  });
  afterAll(() => fixture.dispose());

  test("four tiles give what a model says of ffmpeg's crops, each object once", async () => {
    const batches: Stats["batch"][] = [];
    const seen = await detect(clip, TILES, batches);
    expect(seen).toHaveLength(FRAMES);
    const crops: Found[][][] = [];
    for (const [n, tile] of TILES.entries()) crops.push(await cropped(tile, n));
    let [objects, halves] = [0, 0];
    for (const [n, frame] of seen.entries()) {
      const parts = TILES.map((tile, t) => moved(crops[t]?.[n] ?? [], tile));
      const expected = merged(parts);
      expect(frame.length, `frame ${n}`).toBe(expected.length);
      for (const one of expected) {
        const twin = frame.find(({ label, box }) => label === one.label && isNear(box, one.box));
        expect(
          twin,
          `frame ${n}: ${JSON.stringify(one)} of ${JSON.stringify(frame)}`,
        ).toBeDefined();
        expect(twin?.score).toBeCloseTo(one.score, 2);
      }
      objects += frame.length;
      halves += parts.flat().length - frame.length;
    }
    const whole = (await detect(clip)).flat().length;
    console.log(`${objects} objects, ${halves} seen by a second tile as well; whole: ${whole}`);
    expect(batches.at(-1)).toEqual({ most: 1, why: "the model takes one picture in a run" });
    expect(objects).toBeGreaterThan(3 * FRAMES);
    expect(halves).toBeGreaterThan(FRAMES);
  });

  test("one part alone gives what a model says of that crop", async () => {
    const [tile] = TILES.slice(-1) as [Tile];
    const seen = await detect(clip, [tile]);
    const crop = await cropped(tile, 9);
    for (const [n, frame] of seen.entries()) {
      const expected = moved(crop[n] ?? [], tile);
      expect(frame.length, `frame ${n}`).toBe(expected.length);
      for (const [i, one] of expected.entries()) {
        expect(isNear(frame[i]?.box ?? [0, 0, 0, 0], one.box), `frame ${n}, ${i}`).toBe(true);
      }
    }
  });

  test("four regions of a large picture show people that the whole of it does not", async () => {
    const large = fixture.file("large.mp4");
    // Each picture nine times over.
    const nine = "split=3[a][b][c];[a][b][c]hstack=3,split=3[d][e][f];[d][e][f]vstack=3";
    ffmpeg("-i", clip, "-frames:v", "10", "-vf", nine, ...LOSSLESS, large);
    const whole = scored(await play(large));
    const quarters = [0, 0.45].flatMap((left) =>
      [0, 0.44].map((top) => ({ left, top, width: 0.55, height: 0.56 })),
    );
    const regions = scored(await play(large, quarters));
    console.log(JSON.stringify({ whole, regions }));
    expect(regions.found).toBeGreaterThan(1.2 * whole.found);
    expect(regions.wrong).toBeLessThan(0.1 * regions.found);
  });

  function cropped({ left, top, width, height }: Tile, n: number): Promise<Found[][]> {
    const file = fixture.file(`crop${n}.mp4`);
    ffmpeg("-i", clip, "-vf", `crop=${width}:${height}:${left}:${top}:exact=1`, ...LOSSLESS, file);
    return detect(file);
  }

  async function detect(
    file: string,
    tiles: Tile[] = [],
    batches: Stats["batch"][] = [],
  ): Promise<Found[][]> {
    const shares = tiles.map(({ left, top, width, height }) => ({
      ...{ left: left / WIDTH, top: top / HEIGHT },
      ...{ width: width / WIDTH, height: height / HEIGHT },
    }));
    return play(file, shares, batches);
  }

  async function play(
    file: string,
    regions: Tile[] = [],
    batches: Stats["batch"][] = [],
  ): Promise<Found[][]> {
    const source: NativeSource = { ...fileSource(file), ...(regions.length > 0 && { regions }) };
    const options = fixture.options({ sources: [source], model: yoloxNano(), track: null });
    const run = await Run.start(options);
    await run.untilEnded(200_000);
    await run.stop();
    batches.push(...run.stats.map(({ batch }) => batch));
    return run.frames.map(({ detections }) => detections as Found[]);
  }
});

const COPIES = [0, WIDTH, 2 * WIDTH].flatMap((x) =>
  [0, HEIGHT, 2 * HEIGHT].map((y): [number, number] => [x, y]),
);

/** People of the clip's truth that were found in all copies, and boxes of people where none is. */
function scored(frames: Found[][]): { found: number; wrong: number; missed: number } {
  const score = { found: 0, wrong: 0, missed: 0 };
  const truth = readFileSync(data("mot/TUD-Campus/gt.txt"), "utf8").trim().split("\n");
  for (const [n, frame] of frames.entries()) {
    const left = truth.flatMap((line): Box[] => {
      const [of = 0, , x = 0, y = 0, w = 0, h = 0] = line.split(",").map(Number);
      return of === n + 1 ? COPIES.map(([dx, dy]) => [x + dx, y + dy, w, h]) : [];
    });
    for (const { box } of frame.filter(({ label }) => label === "person")) {
      const near = left.findIndex((one) => overlap(one, box) >= 0.5);
      if (near >= 0) left.splice(near, 1);
      score[near >= 0 ? "found" : "wrong"] += 1;
    }
    score.missed += left.length;
  }
  return score;
}

const LOSSLESS = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];

const moved = (found: Found[], { left, top }: Tile): Found[] =>
  found.map(({ box: [x, y, w, h], ...rest }) => ({ ...rest, box: [x + left, y + top, w, h] }));

const areaOf = ([, , width, height]: Box): number => width * height;

function shared([ax, ay, aw, ah]: Box, [bx, by, bw, bh]: Box): number {
  const width = Math.min(ax + aw, bx + bw) - Math.max(ax, bx);
  const height = Math.min(ay + ah, by + bh) - Math.max(ay, by);
  return Math.max(0, width) * Math.max(0, height);
}

function overlap(a: Box, b: Box): number {
  return shared(a, b) / (areaOf(a) + areaOf(b) - shared(a, b));
}

function isNear(a: Box, b: Box): boolean {
  return a.every((value, i) => Math.abs(value - (b[i] ?? 0)) < 0.5);
}

/** An edge of the tile that is none of the picture's, to a hundredth of its side. */
function isCut([x, y, w, h]: Box, { left, top, width, height }: Tile): boolean {
  return (
    (left > 0 && x <= left + width / 100) ||
    (top > 0 && y <= top + height / 100) ||
    (left + width < WIDTH && x + w >= left + width - width / 100) ||
    (top + height < HEIGHT && y + h >= top + height - height / 100)
  );
}

/** By the rule of core/decode/merge_parts.h, written down again. */
function merged(parts: Found[][]): Found[] {
  const all = parts.flatMap((found, n) =>
    found.map((one) => ({ ...one, tiles: [n], cut: isCut(one.box, TILES[n] as Tile) })),
  );
  const whole = all.filter(({ cut }) => !cut).sort((a, b) => b.score - a.score);
  const pieces = all.filter(({ cut }) => cut).sort((a, b) => areaOf(b.box) - areaOf(a.box));
  const kept: typeof all = [];
  for (const one of [...whole, ...pieces]) {
    const same = kept.find((before) => {
      if (before.label !== one.label || before.tiles.includes(one.tiles[0] ?? 0)) return false;
      if (overlap(before.box, one.box) > 0.45) return true;
      const both = shared(before.box, one.box);
      const isPiece = one.cut && areaOf(one.box) <= areaOf(before.box);
      return isPiece && before.score >= one.score / 2 && both >= 0.7 * areaOf(one.box);
    });
    if (same) {
      same.score = Math.max(same.score, one.score);
      same.tiles.push(...one.tiles);
    } else {
      kept.push(one);
    }
  }
  return kept;
}
