import type { CardTrouble } from "../contract/index.ts";
import { ERROR_CODES } from "../errors/index.ts";
import type { DeviceView, Problem } from "./view.ts";

/** What helps beyond what the code's own hint says. */
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

/** What is the matter with the cards of a PC. Pipelines may run all the same, so only a lost card is an error. */
export function cardProblem({ name: device, figures }: DeviceView): Problem[] {
  const trouble = figures?.cards?.trouble;
  if (!trouble) return [];
  const code = trouble.kind === "card-lost" ? "CARD_LOST" : "CARD_FIGURES";
  return [
    {
      ...{ device, pipeline: null, code, message: trouble.says, sinceMs: null },
      severity: code === "CARD_LOST" ? "error" : "warning",
      hint: HINTS[trouble.kind] ?? ERROR_CODES[code].hint,
    },
  ];
}
