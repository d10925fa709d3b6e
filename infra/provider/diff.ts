import {
  isProperties,
  type PathPart,
  type Properties,
  propertyPath,
  Secret,
  Unknown,
  type Value,
} from "./rpc/values.ts";

export type DiffKind = "add" | "delete" | "update";

export interface PropertyDiff {
  path: string;
  kind: DiffKind;
  replace: boolean;
  /** True when the old value to show is the old input; false for drift of what the device reports. */
  inputDiff: boolean;
}

export interface Diff {
  changes: PropertyDiff[];
  deleteBeforeReplace: boolean;
}

export interface DiffRules {
  /** Top-level properties whose change needs a new resource. */
  replaceOn: readonly string[];
  deleteBeforeReplace: boolean;
}

/** What the program changed: every path at which two sets of inputs differ. */
export function diffInputs(olds: Properties, news: Properties, rules: DiffRules): PropertyDiff[] {
  return compare([], olds, news).map(({ path, kind }) => ({
    path: propertyPath(path),
    kind,
    replace: rules.replaceOn.includes(String(path[0])),
    inputDiff: true,
  }));
}

/** What is not as this provider left it: `wanted` values that the state lacks. Undefined ones do not matter. */
export function diffState(
  state: Properties,
  wanted: Record<string, Value | undefined>,
): PropertyDiff[] {
  return Object.entries(wanted)
    .filter(([key, value]) => value !== undefined && !sameValue(state[key], value))
    .map(([path]) => ({ path, kind: "update", replace: false, inputDiff: false }));
}

/** Leaves out changes at or below a path that the program asked to ignore. */
export function withoutIgnored(
  changes: PropertyDiff[],
  ignored: readonly string[],
): PropertyDiff[] {
  return changes.filter(
    ({ path }) =>
      !ignored.some(
        (one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`),
      ),
  );
}

interface Difference {
  path: PathPart[];
  kind: DiffKind;
}

function compare(path: PathPart[], old: Value | undefined, now: Value | undefined): Difference[] {
  const before = open(old);
  const after = open(now);
  if (after === undefined) return before === undefined ? [] : [{ path, kind: "delete" }];
  if (before === undefined) return [{ path, kind: "add" }];
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    const indices = Array.from({ length }, (_, index) => index);
    return indices.flatMap((index) => compare([...path, index], before[index], after[index]));
  }
  if (isProperties(before) && isProperties(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => compare([...path, key], before[key], after[key]));
  }
  return before === after && !(after instanceof Unknown) ? [] : [{ path, kind: "update" }];
}

/** Looks through a secret; null means the same as absent. */
function open(value: Value | undefined): Value | undefined {
  if (value instanceof Secret) return open(value.value);
  return value === null ? undefined : value;
}

export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  return compare([], a, b).length === 0;
}
