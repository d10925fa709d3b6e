/** A TensorRT version as a number that compares: 8.2.1 is 802, 10.3 is 1003. The patch level changes no rule. */
export function trtNumber(version: string): number {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major * 100 + minor;
}

/** The version behind such a number. */
export function versionText(trt: number): string {
  return `${Math.floor(trt / 100)}.${trt % 100}`;
}

/** First and last version of a rule; an open end is absent. */
export interface VersionRange {
  since?: number;
  before?: number;
}

export function holdsFor(
  { since = 0, before = Number.POSITIVE_INFINITY }: VersionRange,
  trt: number,
): boolean {
  return trt >= since && trt < before;
}
