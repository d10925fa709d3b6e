import type { GpuArch } from "../../boards/catalog/index.ts";
import {
  type FusionRules,
  type Group,
  groupsByLayer,
  hasSum,
  isDense,
  isPointwise,
  type Wiring,
} from "./group.ts";
import { isMerged } from "./siblings.ts";

// NVIDIA/TensorRT issue 2134 (a maintainer): leaky activations go into the convolution in FP16 and INT8 on Turing and
// Ampere; elsewhere nothing is promised, and a log of TX2 shows two launches. Later GPUs are taken to do as Ampere.
const LEAKY: readonly GpuArch[] = ["turing", "ampere", "ada", "blackwell"];
// Issue 2572 (a maintainer): longer functions do from 8.5 on, on Ampere and Hopper; a log of Orin shows it for SiLU.
const ANY: readonly GpuArch[] = ["ampere", "ada", "blackwell"];

/** Functions of a convolution's result alone, which newer GPUs compute at its end; what else they read keeps them out. */
export function takeFunctions(
  groups: readonly Group[],
  wiring: Wiring,
  { trt, arch, precision }: FusionRules,
): Group[] {
  if (precision === "fp32" || !LEAKY.includes(arch)) return [...groups];
  const any = trt >= 805 && ANY.includes(arch);
  const groupOf = groupsByLayer(groups);
  const taken = new Set<Group>();
  for (const group of groups) {
    const leaky = group.length === 1 && group[0]?.op === "LeakyRelu";
    const host = any || leaky ? hostOf(group, wiring, groupOf) : null;
    if (host === null) continue;
    host.push(...group);
    taken.add(group);
  }
  return groups.filter((group) => !taken.has(group));
}

/** The convolution whose result is all that a pointwise group reads, and which nobody else reads. */
function hostOf(
  group: Group,
  { makers, users }: Wiring,
  groupOf: ReadonlyMap<number, Group>,
): Group | null {
  const [first] = group;
  if (!first || !isPointwise(first)) return null;
  const host = groupOf.get(makers.get(first.inputs[0]?.name ?? "") ?? -1);
  if (!host || !isDense(host[0]) || isMerged(host) || hasSum(host)) return null;
  const result = host[host.length - 1]?.outputs[0]?.name ?? "";
  const own = new Set([result, ...group.flatMap(({ outputs }) => outputs.map(({ name }) => name))]);
  const readsItAlone = group.every(({ inputs }) => inputs.every(({ name }) => own.has(name)));
  const readAlone = (users.get(result) ?? []).every((user) =>
    group.some((one) => one.index === user),
  );
  return readsItAlone && readAlone ? host : null;
}
