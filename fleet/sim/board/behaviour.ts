import { z } from "zod";
import { SimulatedBuild } from "../../engine/index.ts";
import { CARD_STATES } from "./card-files.ts";
import { CONTAINER_STATES } from "./container-files.ts";

/** How a simulated board misbehaves. The empty record is a healthy unit on a fast link. */
export const Behaviour = z.strictObject({
  /** /opt and /var share a disk of this size, which is empty again after a power cut. Takes effect at boot. */
  diskLimitBytes: z.number().int().positive().optional(),
  /** Every piece of SSH traffic arrives this much later, in each direction. */
  sshDelayMs: z.number().nonnegative().max(60_000).optional(),
  /** SSH traffic is limited to this rate, in each direction. */
  sshBytesPerSecond: z.number().int().positive().optional(),
  /** Building an engine takes this long at least, as on the silicon that is played. Takes effect at boot. */
  buildSeconds: SimulatedBuild.shape.seconds.optional(),
  /** How a PC's card is. Takes effect at boot; later, what stands in CARD_FILE does at once. */
  card: z.enum(CARD_STATES).optional(),
  /** How a PC's docker and podman are; none is installed unless said. Takes effect at boot; later, see CONTAINER_FILE. */
  containers: z.enum(CONTAINER_STATES).optional(),
});
export type Behaviour = z.infer<typeof Behaviour>;
