/**
 * MOTA and IDF1 as defined by CLEAR MOT (Bernardin and Stiefelhagen, 2008) and by Ristani et al. (2016), at
 * IoU 0.5. Small and plain: for tests, not for benchmarks of many objects.
 */
export interface MotBox {
  id: number;
  box: [number, number, number, number];
}

export interface MotScore {
  mota: number;
  idf1: number;
  switches: number;
  misses: number;
  falsePositives: number;
  truths: number;
}

const MIN_IOU = 0.5;

export function scoreMot(truth: MotBox[][], found: MotBox[][]): MotScore {
  const counts = { switches: 0, misses: 0, falsePositives: 0, truths: 0 };
  const lastMatch = new Map<number, number>();
  const together = new Map<string, number>();
  let foundTotal = 0;
  for (const [frame, real] of truth.entries()) {
    const seen = found[frame] ?? [];
    counts.truths += real.length;
    foundTotal += seen.length;
    for (const a of real) {
      for (const b of seen) {
        if (iou(a.box, b.box) < MIN_IOU) continue;
        const pair = `${a.id} ${b.id}`;
        together.set(pair, (together.get(pair) ?? 0) + 1);
      }
    }
    const pairs = matchFrame(real, seen, lastMatch);
    counts.misses += real.length - pairs.length;
    counts.falsePositives += seen.length - pairs.length;
    for (const [a, b] of pairs) {
      const before = lastMatch.get(a.id);
      if (before !== undefined && before !== b.id) counts.switches++;
      lastMatch.set(a.id, b.id);
    }
  }
  const errors = counts.misses + counts.falsePositives + counts.switches;
  return {
    ...counts,
    mota: 1 - errors / counts.truths,
    idf1: (2 * bestIdentities(together)) / (counts.truths + foundTotal),
  };
}

/** Pairs of the frame before are kept while they overlap; the rest is assigned for the largest overlap. */
function matchFrame(
  real: MotBox[],
  seen: MotBox[],
  last: ReadonlyMap<number, number>,
): [MotBox, MotBox][] {
  const pairs: [MotBox, MotBox][] = [];
  const freeReal = new Set(real);
  const freeSeen = new Set(seen);
  const take = (a: MotBox, b: MotBox): void => {
    pairs.push([a, b]);
    freeReal.delete(a);
    freeSeen.delete(b);
  };
  for (const a of real) {
    const b = seen.find((candidate) => candidate.id === last.get(a.id));
    if (b && freeSeen.has(b) && iou(a.box, b.box) >= MIN_IOU) take(a, b);
  }
  const rows = [...freeReal];
  const columns = [...freeSeen];
  // A pair is worth more than any difference of overlap: first as many as possible, then the best.
  const gain = rows.map((a) =>
    columns.map((b) => {
      const overlap = iou(a.box, b.box);
      return overlap >= MIN_IOU ? 1000 + overlap : 0;
    }),
  );
  for (const [row, column] of assign(gain)) {
    const [a, b] = [rows[row], columns[column]];
    if (a && b && (gain[row]?.[column] ?? 0) > 0) take(a, b);
  }
  return pairs;
}

/** Most frames that a one-to-one mapping of true to found identities explains. */
function bestIdentities(together: ReadonlyMap<string, number>): number {
  const pairs = [...together].map(([key, frames]) => [...key.split(" "), frames] as const);
  const rows = [...new Set(pairs.map(([a]) => a))];
  const columns = [...new Set(pairs.map(([, b]) => b))];
  const gain = rows.map((a) => columns.map((b) => together.get(`${a} ${b}`) ?? 0));
  return assign(gain).reduce((sum, [row, column]) => sum + (gain[row]?.[column] ?? 0), 0);
}

export function iou(a: MotBox["box"], b: MotBox["box"]): number {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (a[2] * a[3] + b[2] * b[3] - width * height);
}

/** Pairs (row, column) of the largest total gain: Hungarian method with potentials. */
export function assign(gain: number[][]): [number, number][] {
  const rows = gain.length;
  const columns = gain[0]?.length ?? 0;
  if (rows === 0 || columns === 0) return [];
  if (rows > columns) {
    const transposed = Array.from({ length: columns }, (_, c) => gain.map((row) => row[c] ?? 0));
    return assign(transposed).map(([c, r]) => [r, c]);
  }
  const at = <T>(list: T[], i: number): T => list[i] as T;
  const u = new Array<number>(rows + 1).fill(0);
  const v = new Array<number>(columns + 1).fill(0);
  const rowOf = new Array<number>(columns + 1).fill(0);
  for (let row = 1; row <= rows; ++row) {
    const way = new Array<number>(columns + 1).fill(0);
    const least = new Array<number>(columns + 1).fill(Infinity);
    const used = new Array<boolean>(columns + 1).fill(false);
    rowOf[0] = row;
    let column = 0;
    do {
      used[column] = true;
      const from = at(rowOf, column);
      let delta = Infinity;
      let next = 0;
      for (let c = 1; c <= columns; ++c) {
        if (used[c]) continue;
        const cost = -at(at(gain, from - 1), c - 1) - at(u, from) - at(v, c);
        if (cost < at(least, c)) {
          least[c] = cost;
          way[c] = column;
        }
        if (at(least, c) < delta) {
          delta = at(least, c);
          next = c;
        }
      }
      for (let c = 0; c <= columns; ++c) {
        if (used[c]) {
          const r = at(rowOf, c);
          u[r] = at(u, r) + delta;
          v[c] = at(v, c) - delta;
        } else {
          least[c] = at(least, c) - delta;
        }
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      const before = at(way, column);
      rowOf[column] = at(rowOf, before);
      column = before;
    }
  }
  return rowOf.flatMap((row, c) =>
    c > 0 && row > 0 ? [[row - 1, c - 1] as [number, number]] : [],
  );
}
