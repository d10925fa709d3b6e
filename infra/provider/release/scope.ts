import { z } from "zod";
import { isInScope, Scope, scopeText } from "../../../fleet/release/index.ts";
import { Labels, labelsText, Name } from "../../../fleet/spec/index.ts";
import type { CheckFailure } from "../check.ts";
import { knownAt, textOf } from "../plan/plan-question.ts";
import type { Properties } from "../rpc/values.ts";

/** A scope as a program writes it. Pulumi's schema knows no unions, so which keys go with `to` is checked by us. */
export const ScopeInput = z
  .strictObject({
    to: z
      .enum(["devices", "labels", "fleet"])
      .meta({ title: "ScopeKind", description: "What the devices are told by." }),
    devices: z.array(Name).optional().meta({ description: "Names of the devices." }),
    labels: Labels.optional().meta({ description: "Labels that each of the devices bears." }),
  })
  .meta({
    title: "Scope",
    description:
      "For whom the release key signs this version, and its set: devices by name, those that bear all of these labels, " +
      "or all of the fleet. Pipelines of one name, content and scope on several devices are then one part. The device " +
      "must be among them. Default: the device alone.",
  });
export type ScopeInput = z.infer<typeof ScopeInput>;

/** The scope that is signed. Names are sorted: their order makes no other part. */
export function scopeOf(declared: ScopeInput | undefined, device: string): Scope {
  const scope = Scope.parse(declared ?? { to: "devices", devices: [device] });
  return scope.to === "devices" ? { ...scope, devices: [...new Set(scope.devices)].sort() } : scope;
}

/** What is wrong with the scope of checked inputs beyond its schema, as far as it is known. */
export function checkScope(inputs: Properties): CheckFailure[] {
  const said = knownAt(inputs, ["scope"]);
  const declared = ScopeInput.safeParse(said);
  const device = textOf(knownAt(inputs, ["device", "name"]));
  if (!declared.success || device === undefined) return [];
  const misfits = misfitsOf(declared.data);
  if (misfits.length > 0) return misfits;
  const scope = scopeOf(declared.data, device);
  const labels = Labels.safeParse(knownAt(inputs, ["device", "labels"]) ?? {}).data;
  // Labels that only the finished update will know are judged by the device.
  if (labels === undefined || isInScope(scope, { device, labels })) return [];
  const own = Object.keys(labels).length === 0 ? "no labels" : labelsText(labels);
  const got = `${scopeText(scope)}, and ${device} has ${own}`;
  const reason = `expected a scope that the device is in, got ${got}`;
  return [
    { property: "scope", reason, hint: "Give the device these labels, or sign for its name." },
  ];
}

/** Each kind of scope names its devices by one key, and by no other. */
function misfitsOf(scope: ScopeInput): CheckFailure[] {
  return (["devices", "labels"] as const).flatMap((key) => {
    const named = Object.keys(scope[key] ?? {}).length > 0;
    if (scope.to === key) {
      return named ? [] : [{ property: `scope.${key}`, reason: `expected at least one of ${key}` }];
    }
    if (scope[key] === undefined) return [];
    return [
      { property: `scope.${key}`, reason: `goes with a scope to ${key}, not to ${scope.to}` },
    ];
  });
}
