import { z } from "zod";
import { Labels, labelsText, Name } from "../spec/index.ts";

/** For whom a part was signed. Whoever composes may give it to fewer devices, never to more. */
export const Scope = z.discriminatedUnion("to", [
  z.strictObject({ to: z.literal("fleet") }),
  z.strictObject({ to: z.literal("devices"), devices: z.array(Name).min(1).max(4096) }),
  /** Devices that bear all of these labels. */
  z.strictObject({
    to: z.literal("labels"),
    labels: Labels.refine((labels) => Object.keys(labels).length > 0, {
      error: "must name a label",
    }),
  }),
]);
export type Scope = z.infer<typeof Scope>;

export interface Addressee {
  device: string;
  /** As they were set at provisioning; a hub has no say in them. */
  labels: Labels;
}

export function isInScope(scope: Scope, { device, labels }: Addressee): boolean {
  switch (scope.to) {
    case "fleet":
      return true;
    case "devices":
      return scope.devices.includes(device);
    case "labels":
      return Object.entries(scope.labels).every(
        ([name, value]) => ownValue(labels, name) === value,
      );
  }
}

export function scopeText(scope: Scope): string {
  switch (scope.to) {
    case "fleet":
      return "the whole fleet";
    case "devices":
      return scope.devices.join(", ");
    case "labels":
      return labelsText(scope.labels);
  }
}

function ownValue(labels: Labels, name: string): string | undefined {
  return Object.prototype.hasOwnProperty.call(labels, name) ? labels[name] : undefined;
}
