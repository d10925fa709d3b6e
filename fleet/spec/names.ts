import { z } from "zod";

/** Names appear in MQTT topics, file names and unit names, so they are DNS labels. */
export const Name = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    error:
      "must be 1 to 63 lower-case letters, digits or dashes, and begin and end with a letter or digit",
  })
  .meta({ description: "Lower-case name, a DNS label." });

/** `sha256:` and 64 hexadecimal digits: the name of an object in the artifact store. */
export const Digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, { error: "must be sha256: followed by 64 hexadecimal digits" })
  .meta({ description: "Content address of an artifact." });
export type Digest = z.infer<typeof Digest>;

/** An object of the artifact store, of at most so many bytes; `what` it is, for the reference. */
export function objectUpTo(mostBytes: number, what: string) {
  const size = z.number().int().positive().max(mostBytes);
  return z.strictObject({
    digest: Digest,
    sizeBytes: size.meta({ description: `Size of the ${what}.` }),
  });
}

/** Milliseconds since 1970-01-01T00:00:00Z on the clock of whoever wrote it. */
export const EpochMs = z
  .number()
  .int()
  .nonnegative()
  .meta({ description: "Unix time in milliseconds." });
