import type { EnginePruned, KeptEngine } from "../../fleet/contract/index.ts";
import { formatBytes, shortDigest } from "./format.ts";

/** What removing engines that are of no use now would mean for a device. */
export interface PrunePlan {
  device: string;
  go: KeptEngine[];
  stay: { engine: KeptEngine; why: string }[];
}

const AGAIN = "what would use them again has to build them anew";

/**
 * What goes is what nothing runs. A model of which none can be made is no engine; that it is known stays, or each device
 * would try it again for minutes, unless `all`.
 */
export function planPrune(device: string, engines: readonly KeptEngine[], all: boolean): PrunePlan {
  const plan: PrunePlan = { device, go: [], stay: [] };
  for (const engine of engines) {
    const why = whyItStays(engine, all);
    if (why === null) plan.go.push(engine);
    else plan.stay.push({ engine, why });
  }
  return plan;
}

function whyItStays({ inUse, outcome }: KeptEngine, all: boolean): string | null {
  if (outcome === "unknown") return "this version does not know what it is";
  if (inUse) {
    return outcome === "built"
      ? "a pipeline runs its model, or is to go back to it"
      : "a pipeline asks for its model";
  }
  if (outcome === "built" || all) return null;
  return "no engine, but that none can be built is known by it (--all has it forgotten)";
}

export function planLines(
  { device, go, stay }: PrunePlan,
  names: Record<string, string>,
): string[] {
  const bytes = go.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
  const head =
    go.length === 0
      ? `${device}: nothing to remove`
      : `${device}: ${go.length} to remove, ${formatBytes(bytes)}; ${AGAIN}`;
  return [
    head,
    ...go.map((engine) => `  goes   ${lineOf(engine, names)}`),
    ...stay.map(({ engine, why }) => `  stays  ${lineOf(engine, names)}: ${why}`),
  ];
}

export function prunedLine(device: string, pruned: EnginePruned): string {
  const { removed, removedBytes, inUse, absent } = pruned;
  const parts = [
    `${removed} removed, ${formatBytes(removedBytes)}`,
    ...(inUse > 0 ? [`${inUse} stay, for a pipeline runs them by now`] : []),
    ...(absent > 0 ? [`${absent} were gone already`] : []),
  ];
  return `${device}: ${parts.join("; ")}`;
}

function lineOf({ key, model, accelerator, sizeBytes }: KeptEngine, names: Record<string, string>) {
  const name = names[model] === undefined ? "" : `${names[model]} `;
  const size = sizeBytes === undefined ? "" : ` ${formatBytes(sizeBytes)}`;
  return `${shortDigest(key)} ${name}${shortDigest(model)} ${accelerator}${size}`;
}
