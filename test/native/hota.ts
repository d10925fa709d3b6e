import { assign, iou, type MotBox } from "./mot-score.ts";

/**
 * HOTA as defined by Luiten et al. (IJCV 2021): the geometric mean of detection and association accuracy,
 * averaged over IoU thresholds from 0.05 to 0.95. One matching per frame, of pairs that overlap and whose identities
 * belong together over the whole sequence.
 */
export function hota(truth: MotBox[][], found: MotBox[][]): number {
  const belonging = belongTogether(truth, found);
  const matches = truth.flatMap((real, frame) => matchFrame(real, found[frame] ?? [], belonging));
  const thresholds = Array.from({ length: 19 }, (_, i) => (i + 1) * 0.05);
  const [reals, seens] = [countIds(truth), countIds(found)];
  const values = thresholds.map((least) => {
    // Overlaps are sums of floats: one of exactly the threshold counts.
    const hits = matches.filter(({ overlap }) => overlap >= least - Number.EPSILON);
    return hotaAt(hits, reals, seens);
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

interface Match {
  real: number;
  seen: number;
  overlap: number;
}

function hotaAt(hits: Match[], reals: Map<number, number>, seens: Map<number, number>): number {
  const truths = total(reals);
  const founds = total(seens);
  const together = new Map<string, number>();
  for (const { real, seen } of hits) add(together, `${real} ${seen}`, 1);
  let association = 0;
  for (const [pair, frames] of together) {
    const [real = 0, seen = 0] = pair.split(" ").map(Number);
    const either = (reals.get(real) ?? 0) + (seens.get(seen) ?? 0) - frames;
    association += (frames * frames) / either;
  }
  const detection = hits.length / (truths + founds - hits.length);
  return hits.length === 0 ? 0 : Math.sqrt((detection * association) / hits.length);
}

/** By pair of identities: how much of their frames they share, before any threshold. */
function belongTogether(truth: MotBox[][], found: MotBox[][]): Map<string, number> {
  const shared = new Map<string, number>();
  for (const [frame, real] of truth.entries()) {
    const seen = found[frame] ?? [];
    const overlaps = real.map((a) => seen.map((b) => iou(a.box, b.box)));
    const ofSeen = seen.map((_, column) =>
      overlaps.reduce((sum, row) => sum + (row[column] ?? 0), 0),
    );
    for (const [row, a] of real.entries()) {
      const ofReal = (overlaps[row] ?? []).reduce((sum, overlap) => sum + overlap, 0);
      for (const [column, b] of seen.entries()) {
        const overlap = overlaps[row]?.[column] ?? 0;
        if (overlap > 0)
          add(shared, `${a.id} ${b.id}`, overlap / (ofReal + (ofSeen[column] ?? 0) - overlap));
      }
    }
  }
  const [reals, seens] = [countIds(truth), countIds(found)];
  for (const [pair, frames] of shared) {
    const [real = 0, seen = 0] = pair.split(" ").map(Number);
    shared.set(pair, frames / ((reals.get(real) ?? 0) + (seens.get(seen) ?? 0) - frames));
  }
  return shared;
}

function matchFrame(real: MotBox[], seen: MotBox[], belonging: Map<string, number>): Match[] {
  const overlaps = real.map((a) => seen.map((b) => iou(a.box, b.box)));
  const gain = real.map((a, row) =>
    seen.map(
      (b, column) => (belonging.get(`${a.id} ${b.id}`) ?? 0) * (overlaps[row]?.[column] ?? 0),
    ),
  );
  return assign(gain).map(([row, column]) => ({
    real: real[row]?.id ?? 0,
    seen: seen[column]?.id ?? 0,
    overlap: overlaps[row]?.[column] ?? 0,
  }));
}

function countIds(frames: MotBox[][]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { id } of frames.flat()) add(counts, id, 1);
  return counts;
}

function add<Key>(map: Map<Key, number>, key: Key, by: number): void {
  map.set(key, (map.get(key) ?? 0) + by);
}

function total(counts: Map<number, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
