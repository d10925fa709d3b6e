import { type Group, hasSum, isDense } from "./group.ts";

/** Dense convolutions of one tensor that differ in nothing but weights are one convolution of more channels. */
export function mergeSiblings(groups: readonly Group[]): Group[] {
  const merged: Group[] = [];
  const byKey = new Map<string, number>();
  for (const group of groups) {
    const key = keyOf(group);
    const at = key === null ? undefined : byKey.get(key);
    if (at === undefined) {
      if (key !== null) byKey.set(key, merged.length);
      merged.push(group);
    } else {
      merged[at] = [...(merged[at] ?? []), ...group];
    }
  }
  return merged;
}

/** What siblings have in common; null for what has none. */
function keyOf(group: Group): string | null {
  const [layer] = group;
  if (!layer || !isDense(layer) || hasSum(group)) return null;
  const functions = group.filter(({ kind }) => kind === "activation").map(({ op }) => op);
  return JSON.stringify([layer.inputs[0]?.name, layer.window, functions]);
}

/** True for a launch that several convolutions of one tensor share. */
export function isMerged(group: Group): boolean {
  return group.filter(({ kind }) => kind === "convolution").length > 1;
}
