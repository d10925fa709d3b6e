/** Compares dotted versions by number, up to `parts` parts; a suffix such as ` DP` comes before the release. */
export function compareVersions(left: string, right: string, parts = 4): number {
  const numbers = (text: string): number[] => text.split(" ")[0]?.split(".").map(Number) ?? [];
  const [a, b] = [numbers(left), numbers(right)];
  for (let at = 0; at < parts; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return Number(right.includes("DP")) - Number(left.includes("DP"));
}
