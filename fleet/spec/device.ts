import { z } from "zod";
import { Labels } from "./labels.ts";
import { Name } from "./names.ts";
import { UnreachablePolicy } from "./unreachable-policy.ts";

/** Families of modules; `x86` is a PC with an NVIDIA card. */
export const BoardName = z
  .enum([
    ...(["tx1", "tx2", "nano", "xavier-nx", "agx-xavier"] as const),
    ...(["orin-nano", "orin-nx", "agx-orin", "agx-thor", "x86"] as const),
  ])
  .meta({ description: "Hardware type of the device." });
export type BoardName = z.infer<typeof BoardName>;

export const SshSpec = z
  .strictObject({
    user: Name.default("nvidia").meta({
      description: "Login on the board. Must be root or may use sudo without password.",
    }),
    privateKeyPath: z.string().min(1).meta({
      description:
        "Path of the private key; a leading ~ is the home folder. Only the path is kept in state.",
    }),
    hostKey: z
      .string()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, {
        error: "must be an OpenSSH fingerprint such as SHA256:… (ssh-keygen -lf)",
      })
      .optional()
      .meta({
        description:
          "Pinned host key fingerprint. When absent, the first one seen is kept in state and any other is refused.",
      }),
  })
  .meta({ description: "How to reach the board over SSH." });

export const DeviceSpec = z
  .strictObject({
    name: Name,
    address: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .meta({ description: "Host name or IP address of the board; none where it is enrolled." }),
    port: z.number().int().min(1).max(65535).default(22).meta({ description: "SSH port." }),
    board: BoardName.optional().meta({
      description: "Expected hardware. When given, any other board is refused.",
    }),
    ssh: SshSpec.optional(),
    enroll: z
      .boolean()
      .optional()
      .meta({
        description:
          "True in place of address and ssh for a board that only connects out: it becomes the device by the line that " +
          "`jetfleet enroll` prints. Default: false.",
      }),
    labels: Labels.optional().meta({
      description:
        "What parts may be signed for in place of the device's name, such as site: basel. The hub has no say in them.",
    }),
    powerMode: z
      .string()
      .regex(/^[A-Za-z0-9_]{1,64}$/, { error: "must be a mode's name as in /etc/nvpmodel.conf" })
      .optional()
      .meta({
        description:
          "nvpmodel mode that the board is to be in, by its name, such as MODE_30W_ALL. A change restarts the agent. " +
          "Default: as it is; the mode that was before comes back when this goes, or the device.",
      }),
    onUnreachable: UnreachablePolicy.optional(),
    engineQuotaMib: z
      .number()
      .int()
      .min(64)
      .max(2 ** 20)
      .optional()
      .meta({
        description:
          "Mebibytes that engines may take on the board; those that nothing runs go, the longest unused first, when all " +
          "need more. A change restarts the agent. Default: 2048.",
      }),
    takeOver: z
      .boolean()
      .optional()
      .meta({
        description:
          "Whether a device of this name, or a board, may be taken over that another program's resource owns. " +
          "Default: false, it is refused and both are named.",
      }),
  })
  .meta({ description: "One unit of the fleet." });
export type DeviceSpec = z.infer<typeof DeviceSpec>;

/** Keys of the design that this version does not act on yet; naming one is an error, never ignored. */
export const UNSUPPORTED_DEVICE_KEYS = ["jumpHost"] as const;
