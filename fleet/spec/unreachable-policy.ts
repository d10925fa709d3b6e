import { z } from "zod";

/**
 * What becomes of an operation whose board or device cannot be reached. Nothing that cannot be reached is ever taken for
 * gone: a refresh keeps its state whatever is chosen here.
 */
export const UnreachablePolicy = z.enum(["error", "skip", "forget"]).meta({
  title: "UnreachablePolicy",
  description:
    "What happens when the board or device cannot be reached. error: the operation fails. skip: an update is put off, " +
    "with a warning, and the next `up` tries it again; creating and deleting fail. forget: as error, but deleting locks " +
    "the device out of the hub and forgets it, leaving on the board what was installed.",
});
export type UnreachablePolicy = z.infer<typeof UnreachablePolicy>;
