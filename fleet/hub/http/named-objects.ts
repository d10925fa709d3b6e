const DIGEST = /sha256:[0-9a-f]{64}/g;
const known = new WeakMap<Buffer, ReadonlySet<string>>();

/** Every digest that a device's desired document names: the objects that the device may fetch, and no other. */
export function namedObjects(desired: Buffer | undefined): ReadonlySet<string> {
  if (!desired) return new Set();
  const found = known.get(desired) ?? new Set(desired.toString("utf8").match(DIGEST));
  known.set(desired, found);
  return found;
}
