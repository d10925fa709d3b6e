import type { CardTrouble } from "../contract/index.ts";

const HINTS: Readonly<Partial<Record<CardTrouble["kind"], string>>> = {
  "no-tool":
    "Install the driver with its tools, of Ubuntu nvidia-utils-NNN of the driver's number.",
  "no-library":
    "Install the driver's library, of Ubuntu libnvidia-compute-NNN of the driver's number.",
  "no-driver":
    "Install the driver, or load it with `modprobe nvidia`; after a new kernel DKMS has to build it.",
  "version-mismatch":
    "Reboot it: the driver was replaced, and the kernel still has the one before.",
  "no-access":
    "Look who may open /dev/nvidia*; a container that lost its cards has to be started again.",
  hangs: "See `dmesg` on it for Xid; where nvidia-smi hangs there, too, only a boot helps.",
};

/** What helps against a trouble with cards; null where it is no more than what its code says. */
export function cardHint({ kind }: CardTrouble): string | null {
  return HINTS[kind] ?? null;
}
