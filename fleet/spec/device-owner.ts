import { z } from "zod";

/**
 * Which declared resource a device, and what stands on its board, came from. Data for telling programs apart; no right
 * comes of it.
 */
export const DeviceOwner = z
  .strictObject({
    program: z.string().min(1).max(256).meta({ description: "Project and stack." }),
    resource: z.string().min(1).max(1024).meta({ description: "URN of the resource." }),
    id: z.uuid().meta({
      description:
        "Drawn when the resource was created: it stays when the stack or the resource is renamed, and differs for a " +
        "resource that took the device over.",
    }),
  })
  .meta({ title: "DeviceOwner", description: "Which declared resource a device came from." });
export type DeviceOwner = z.infer<typeof DeviceOwner>;

/** True when `owner` may have what is of `before`: nobody's, its own, or another resource's of the same program. */
export function mayFollow(owner: DeviceOwner, before: DeviceOwner | null): boolean {
  return before === null || before.id === owner.id || before.program === owner.program;
}

export function ownerText({ program, resource }: DeviceOwner): string {
  return `${program} (${resource})`;
}
