import { randomUUID } from "node:crypto";
import { FleetError } from "../../../../fleet/errors/index.ts";
import type { BoardProbe } from "../../../../fleet/provision/probe.ts";
import { DeviceOwner, mayFollow, ownerText } from "../../../../fleet/spec/index.ts";
import { ownerOf } from "../../release/publish.ts";
import { type Properties, reveal } from "../../rpc/values.ts";

/** Whose a device is by its state; null in one from before devices had owners. */
export function ownerIn(state: Properties): DeviceOwner | null {
  return DeviceOwner.safeParse(reveal(state["owner"] ?? null)).data ?? null;
}

/** As whose a resource is provisioned: its id is for life, its program and URN are today's. */
export function ownerFor(urn: string, state: Properties | undefined): DeviceOwner {
  return { ...ownerOf(urn), id: (state && ownerIn(state)?.id) ?? randomUUID() };
}

export interface Wanted {
  fleet: string;
  device: string;
  owner: DeviceOwner;
  /** The resource has a state: the board was provisioned by it before. */
  isKnown: boolean;
  takeOver: boolean;
  /** Of the board, for messages. */
  address: string;
}

/**
 * Throws DEVICE_OWNED when a board is another program's, or another device of the same. A board from before boards had
 * owners is free for its own device, wherever that is declared.
 */
export function requireOwnBoard(
  { owner, agentConfig }: Pick<BoardProbe, "owner" | "agentConfig">,
  wanted: Wanted,
): void {
  if (wanted.takeOver || (owner === null && agentConfig === null)) return;
  if (owner !== null && owner !== "unreadable" && owner.id === wanted.owner.id) return;
  if (owner === null && wanted.isKnown) return;
  const isSameDevice =
    agentConfig === null ||
    (agentConfig.fleet === wanted.fleet && agentConfig.device === wanted.device);
  if (isSameDevice && owner !== "unreadable" && mayFollow(wanted.owner, owner)) return;
  const device = agentConfig ? `device ${agentConfig.device} of fleet ${agentConfig.fleet}` : "one";
  throw new FleetError(
    "DEVICE_OWNED",
    `Expected the board at ${wanted.address} to be free or of ${ownerText(wanted.owner)} ` +
      `but it is ${device}, of ${whose(owner)}`,
  );
}

/** Whose a board is by now when that is not the resource which `state` is of; null when it is, or is nobody's. */
export function otherOwner({ owner }: Pick<BoardProbe, "owner">, state: Properties): string | null {
  if (owner === null) return null;
  if (owner !== "unreadable" && owner.id === ownerIn(state)?.id) return null;
  return whose(owner);
}

function whose(owner: BoardProbe["owner"]): string {
  if (owner === null) return "a program that it does not name";
  return owner === "unreadable" ? "a program that cannot be read" : ownerText(owner);
}
