/** x and y, 0 to 1. */
export type PicturePoint = readonly [number, number];

const MIN_AREA = 1e-6;

/** Null where the corners go round an area without meeting their own way; else why they do not. */
export function isOneWayRound(points: readonly PicturePoint[]): string | null {
  const sides = points.map((point, at) => [point, points[(at + 1) % points.length] ?? point]);
  for (const [at, [a, b]] of sides.entries()) {
    if (a && b && a[0] === b[0] && a[1] === b[1]) {
      return `must not have corner ${at + 1} twice`;
    }
  }
  for (let i = 0; i < sides.length; i++) {
    for (let j = i + 1; j < sides.length; j++) {
      const isNext = j === i + 1 || (i === 0 && j === sides.length - 1);
      const [a, b] = sides[i] ?? [];
      const [c, d] = sides[j] ?? [];
      if (a && b && c && d && (isNext ? foldsBack(a, b, c, d, j === i + 1) : meet(a, b, c, d))) {
        return `must not cross itself, but side ${i + 1} meets side ${j + 1}`;
      }
    }
  }
  return Math.abs(areaOf(points)) < MIN_AREA ? "must go round an area" : null;
}

/** Twice the area of the triangle, positive where c is to the right in the picture. */
function turn([ax, ay]: PicturePoint, [bx, by]: PicturePoint, [cx, cy]: PicturePoint): number {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
}

function areaOf(points: readonly PicturePoint[]): number {
  const [first = [0, 0]] = points;
  return points.reduce(
    (sum, point, at) => sum + turn(first, point, points[(at + 1) % points.length] ?? first) / 2,
    0,
  );
}

function isBetween([ax, ay]: PicturePoint, [bx, by]: PicturePoint, [x, y]: PicturePoint): boolean {
  return (
    Math.min(ax, bx) <= x && x <= Math.max(ax, bx) && Math.min(ay, by) <= y && y <= Math.max(ay, by)
  );
}

/** Whether two sides have a point in common. */
function meet(a: PicturePoint, b: PicturePoint, c: PicturePoint, d: PicturePoint): boolean {
  const [ofC, ofD, ofA, ofB] = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)];
  if (ofC * ofD < 0 && ofA * ofB < 0) return true;
  return (
    (ofC === 0 && isBetween(a, b, c)) ||
    (ofD === 0 && isBetween(a, b, d)) ||
    (ofA === 0 && isBetween(c, d, a)) ||
    (ofB === 0 && isBetween(c, d, b))
  );
}

/** Sides that share a corner have more in common than that. */
function foldsBack(
  a: PicturePoint,
  b: PicturePoint,
  c: PicturePoint,
  d: PicturePoint,
  isBehind: boolean,
): boolean {
  const [start, corner, end] = isBehind ? [a, b, d] : [c, d, b];
  if (turn(start, corner, end) !== 0) return false;
  return (
    (start[0] - corner[0]) * (end[0] - corner[0]) + (start[1] - corner[1]) * (end[1] - corner[1]) >
    0
  );
}
