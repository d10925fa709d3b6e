import type { Reported } from "../../../fleet/contract/index.ts";
import { FleetError } from "../../../fleet/errors/index.ts";
import { type DeployClient, withCompareAndSet } from "../../../fleet/hub/client/index.ts";
import {
  nextRoles,
  type Opened,
  openRoles,
  type Roles,
  sealRoles,
} from "../../../fleet/release/index.ts";
import type { RootKey, SigningKey } from "../config.ts";

export interface Certification {
  fleet: string;
  epoch: number;
  release: SigningKey;
  root: RootKey;
  /** The roles that a device says it remembers, where one does. */
  remembered: Reported["roles"];
}

/**
 * The roles in force at the hub, certified anew where they have to be: for a hub that has none or another key, for
 * another release key, for a new epoch, and when a third of the time of the hub's key is over.
 */
export async function certify(hub: DeployClient, wish: Certification): Promise<Roles> {
  return await withCompareAndSet(async () => {
    const { answer, tag } = await hub.roles();
    const { publicKeyPem, privateKeyPem } = wish.root;
    const opened = answer.roles && openRoles(answer.roles, publicKeyPem);
    const inForce = opened && opened.document;
    if (inForce && inForce.fleet !== wish.fleet) {
      const got = `those of ${inForce.fleet}`;
      throw new FleetError("DESIRED_MISDIRECTED", `Expected roles of ${wish.fleet} but got ${got}`);
    }
    const next = nextRoles(
      inForce,
      {
        fleet: wish.fleet,
        epoch: wish.epoch,
        release: [wish.release.publicKeyPem],
        onlinePublicKey: answer.onlineKey,
        aboveNumber: numberToPass(opened, wish.remembered),
      },
      Date.now(),
    );
    if (next === null && inForce !== null) return inForce;
    if (next === null || privateKeyPem === null)
      return requireUsable(inForce, answer.onlineKey, wish);
    const roles = sealRoles(next, privateKeyPem);
    await hub.putRoles({ roles, rootKey: publicKeyPem }, tag);
    return next;
  });
}

/** A device that knows other roles of the number in force, as when a hub lost its own, needs a higher one. */
function numberToPass(inForce: Opened<Roles> | null, remembered: Reported["roles"]): number {
  if (remembered === undefined) return 0;
  const { number, digest } = remembered;
  const isOther = digest !== undefined && digest !== inForce?.digest;
  return isOther && number === inForce?.document.number ? number + 1 : number;
}

/** Without the root's private key, what is certified must do. */
function requireUsable(inForce: Roles | null, onlineKey: string, wish: Certification): Roles {
  const isOurs = inForce?.release.includes(wish.release.publicKeyPem) ?? false;
  const isTheirs = inForce?.online.publicKey === onlineKey;
  if (inForce && isOurs && isTheirs && inForce.online.notAfterMs > Date.now()) return inForce;
  const got =
    inForce === null
      ? "none"
      : !isOurs
        ? "some that do not name it"
        : !isTheirs
          ? "some for another key of the hub"
          : "some that have ended";
  throw new FleetError(
    "HUB_NOT_CERTIFIED",
    `Expected roles that name release key ${wish.release.keyId} but got ${got}`,
  );
}
