import { FleetError } from "../fleet/errors/index.ts";

/** The device that was named, or all that the hub knows. Throws USAGE when it does not know the name. */
export function chosenDevices(names: readonly string[], device: string | undefined): string[] {
  const known = [...new Set(names)].sort();
  if (device === undefined) return known;
  if (known.includes(device)) return [device];
  throw new FleetError("USAGE", `Expected a device that the hub knows but got ${device}`, {
    hint: known.length === 0 ? "The hub knows none yet." : `It knows ${known.join(", ")}.`,
  });
}
