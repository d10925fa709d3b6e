import { z } from "zod";
import { EngineAttestation, type EngineStatement } from "../../contract/index.ts";
import { Digest, EpochMs, Name } from "../../spec/index.ts";
import { Text } from "../../text/index.ts";

/** An engine that a device refused: who had built it, and who says so. */
export const Dispute = z.strictObject({
  digest: Digest,
  builder: Name,
  by: Name,
  code: Text.max(64),
  atMs: EpochMs,
});
export type Dispute = z.infer<typeof Dispute>;

/** The newest are remembered; more of them say no more. */
export const MOST_DISPUTES = 16;
/** Of so many engines of a builder that were refused no more are taken, until the device is deleted. */
export const MOST_REFUSED = 3;

/** What is kept of a key on the hub's disk. */
export const KeptKey = z.strictObject({
  /** Of the one engine that is offered; null while there is none. */
  attestation: EngineAttestation.nullable(),
  disputes: z.array(Dispute).max(MOST_DISPUTES),
});
export type KeptKey = z.infer<typeof KeptKey>;

/** The engine of a key that is offered to others. */
export interface Offered {
  attestation: EngineAttestation;
  statement: EngineStatement;
  usedAtMs: number;
}

export interface EngineQuota {
  deviceBytes: number;
  totalBytes: number;
}

/** An engine of a detector is tens of megabytes, so some hundred of them, and a device has a handful of models. */
export const DEFAULT_QUOTA: EngineQuota = { deviceBytes: 2 ** 30, totalBytes: 8 * 2 ** 30 };

/** Which offered engines go so that one more of `device` fits; the longest unused first. Null: it fits in no way. */
export function toMakeRoom(
  offered: readonly Offered[],
  { device, sizeBytes }: Pick<EngineStatement, "device" | "sizeBytes">,
  quota: EngineQuota,
): Offered[] | null {
  if (sizeBytes > Math.min(quota.deviceBytes, quota.totalBytes)) return null;
  const oldest = [...offered].sort((a, b) => a.usedAtMs - b.usedAtMs);
  const going = new Set<Offered>();
  const shrink = (mine: (one: Offered) => boolean, limitBytes: number): void => {
    const staying = () => oldest.filter((one) => mine(one) && !going.has(one));
    while (bytesOf(staying()) + sizeBytes > limitBytes) {
      const [first] = staying();
      if (first === undefined) return;
      going.add(first);
    }
  };
  shrink(({ statement }) => statement.device === device, quota.deviceBytes);
  shrink(() => true, quota.totalBytes);
  return [...going];
}

function bytesOf(engines: readonly Offered[]): number {
  return engines.reduce((sum, { statement }) => sum + statement.sizeBytes, 0);
}
