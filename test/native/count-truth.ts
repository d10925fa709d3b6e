import type { NativeAnalytics } from "../../native/binding/api.ts";

/**
 * What lines and zones have to count, written from their definition and not from the runtime: over whole tracks instead
 * of frame by frame, sides and windings by orientation and angle.
 */

export interface TruthTrack {
  id: number;
  sights: { frame: number; left: number; top: number; width: number; height: number }[];
}
export type Way = "in" | "out";

interface Picture {
  width: number;
  height: number;
  fps: number;
  keepSeconds: number;
  frames: number;
}
/** In heights of the picture. */
interface Spot {
  x: number;
  y: number;
  frame: number;
}
type Place = Pick<Spot, "x" | "y">;

export function countTruth(
  { lines, zones }: NativeAnalytics,
  tracks: readonly TruthTrack[],
  picture: Picture,
): { crossings: string[]; visits: string[] } {
  const crossings: string[] = [];
  const visits: string[] = [];
  const place = ([x = 0, y = 0]: readonly number[]): Place => {
    return { x: (x * picture.width) / picture.height, y };
  };
  for (const { id, sights } of tracks) {
    for (const way of partsOf(sights, picture)) {
      for (const { name, from, to, margin = 0.01 } of lines) {
        for (const { spot, direction } of crossingsOf(way, place(from), place(to), margin)) {
          crossings.push(`${name} ${direction} ${id} @${msOf(spot.frame, picture).toFixed(0)}`);
        }
      }
      for (const { name, points, margin = 0.01, minDwellMs = 0 } of zones) {
        const corners = pairsOf(points).map(place);
        for (const { first, last, isLeft } of staysOf(way, corners, margin)) {
          const dwellMs = msOf(last.frame, picture) - msOf(first.frame, picture);
          if (longestInside(way, corners, first, last, picture) < minDwellMs) continue;
          const end = isLeft ? "left" : isSeenToTheEnd(last, picture) ? "source-ended" : "lost";
          visits.push(`${name} ${id} ${dwellMs.toFixed(0)} ${end}`);
        }
      }
    }
  }
  return { crossings, visits };
}

/** A track that is not seen for longer than it is kept is another one. */
function partsOf(sights: TruthTrack["sights"], picture: Picture): Spot[][] {
  const parts: Spot[][] = [];
  for (const { frame, left, top, width, height } of sights) {
    const spot = {
      x: (Math.fround(left) + Math.fround(width) / 2) / picture.height,
      y: (Math.fround(top) + Math.fround(height)) / picture.height,
      frame,
    };
    const before = parts.at(-1)?.at(-1);
    const isKept = before && !isGivenUp(before.frame, frame - 1, picture);
    if (isKept) parts.at(-1)?.push(spot);
    else parts.push([spot]);
  }
  return parts;
}

function isGivenUp(seen: number, now: number, { fps, keepSeconds }: Picture): boolean {
  return (now - seen) / fps > keepSeconds + 0.001;
}

function isSeenToTheEnd({ frame }: Spot, picture: Picture): boolean {
  return !isGivenUp(frame, picture.frames - 1, picture);
}

function msOf(frame: number, { fps }: Picture): number {
  return (1000 * frame) / fps;
}

const orientation = (a: Place, b: Place, c: Place): number =>
  (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);

/** Between each two sights clearly on either side, the way through the line less the ways back. */
function crossingsOf(way: readonly Spot[], from: Place, to: Place, margin: number) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const offOf = (spot: Place): number => orientation(from, to, spot) / length;
  const isRight = (spot: Place): boolean => offOf(spot) >= 0;
  const settled = [...way.keys()].filter((at) => {
    const spot = way[at];
    return spot !== undefined && Math.abs(offOf(spot)) >= margin;
  });
  return settled.flatMap((at, n) => {
    const before = settled[n - 1];
    const spot = way[at];
    const start = before === undefined ? undefined : way[before];
    if (spot === undefined || start === undefined || isRight(spot) === isRight(start)) return [];
    let through = 0;
    for (let i = before ?? 0; i < at; i++) {
      const [a, b] = [way[i], way[i + 1]];
      if (a === undefined || b === undefined || isRight(a) === isRight(b)) continue;
      if (orientation(a, b, from) * orientation(a, b, to) <= 0) through += isRight(b) ? 1 : -1;
    }
    const isThrough = isRight(spot) ? through > 0 : through < 0;
    return isThrough ? [{ spot, direction: isRight(spot) ? "in" : "out" }] : [];
  });
}

/** From each sight inside up to the first that is the margin outside, or the last of all. */
function staysOf(way: readonly Spot[], corners: readonly Place[], margin: number) {
  const stays: { first: Spot; last: Spot; isLeft: boolean }[] = [];
  let first: Spot | null = null;
  for (const spot of way) {
    const isInside = winds(corners, spot);
    if (isInside) first ??= spot;
    if (first === null || isInside || distanceTo(corners, spot) < margin) continue;
    stays.push({ first, last: spot, isLeft: true });
    first = null;
  }
  const last = way.at(-1);
  if (first !== null && last !== undefined) stays.push({ first, last, isLeft: false });
  return stays;
}

/** Up to the last sight before the one that was outside. */
function longestInside(
  way: readonly Spot[],
  corners: readonly Place[],
  first: Spot,
  last: Spot,
  picture: Picture,
): number {
  const isOut = !winds(corners, last) && last !== way.at(-1);
  const seen = way.filter(({ frame }) => frame >= first.frame && frame <= last.frame);
  const end = (isOut ? seen.at(-2) : seen.at(-1)) ?? last;
  return msOf(end.frame, picture) - msOf(first.frame, picture);
}

/** Whether the corners go round it: by the sum of the angles under which their sides are seen. */
function winds(corners: readonly Place[], spot: Place): boolean {
  const sum = corners.reduce((angle, corner, at) => {
    const next = corners[(at + 1) % corners.length] ?? corner;
    const [ax, ay, bx, by] = [
      corner.x - spot.x,
      corner.y - spot.y,
      next.x - spot.x,
      next.y - spot.y,
    ];
    return angle + Math.atan2(ax * by - ay * bx, ax * bx + ay * by);
  }, 0);
  return Math.abs(sum) > Math.PI;
}

function distanceTo(corners: readonly Place[], spot: Place): number {
  const ofSides = corners.map((a, at) => {
    const b = corners[(at + 1) % corners.length] ?? a;
    const isBeside = dot(a, b, spot) >= 0 && dot(b, a, spot) >= 0 && (a.x !== b.x || a.y !== b.y);
    const ends = Math.min(
      Math.hypot(spot.x - a.x, spot.y - a.y),
      Math.hypot(spot.x - b.x, spot.y - b.y),
    );
    return isBeside ? Math.abs(orientation(a, b, spot)) / Math.hypot(b.x - a.x, b.y - a.y) : ends;
  });
  return Math.min(...ofSides);
}

function dot(a: Place, b: Place, c: Place): number {
  return (b.x - a.x) * (c.x - a.x) + (b.y - a.y) * (c.y - a.y);
}

function pairsOf(numbers: readonly number[]): [number, number][] {
  return numbers.flatMap((x, at) => (at % 2 === 0 ? [[x, numbers[at + 1] ?? 0]] : []));
}
