/** Figures as short text. A dash stands for what is not known. */
const NOT_KNOWN = "-";

export function formatAge(ageMs: number | null): string {
  if (ageMs === null) return NOT_KNOWN;
  const seconds = Math.floor(ageMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** Milliseconds with as many digits as mean something. */
export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NOT_KNOWN;
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms >= 10 ? ms.toFixed(0) : ms.toFixed(1)} ms`;
}

/** The same without the unit, for columns whose head carries it. */
export function formatBareMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NOT_KNOWN;
  return ms >= 100 ? ms.toFixed(0) : ms.toFixed(1);
}

export function formatFps(fps: number | null | undefined): string {
  return fps === null || fps === undefined ? NOT_KNOWN : fps.toFixed(1);
}

/** Precision, recall and their kin, 0 to 1. */
export function formatRatio(ratio: number | null | undefined): string {
  return ratio === null || ratio === undefined ? NOT_KNOWN : ratio.toFixed(3);
}

export function formatPercent(percent: number | null | undefined): string {
  return percent === null || percent === undefined ? NOT_KNOWN : `${Math.round(percent)} %`;
}

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return NOT_KNOWN;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

export function formatCount(count: number | null | undefined): string {
  return count === null || count === undefined ? NOT_KNOWN : count.toLocaleString("en");
}

/** The first digits of a digest, enough to tell versions apart by eye. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, "").slice(0, 8);
}
