import { z } from "zod";
import { objectUpTo } from "./names.ts";

/** Machines that devices have, as `uname -m` calls them. */
export const Machine = z.enum(["aarch64", "x86_64"]);
export type Machine = z.infer<typeof Machine>;

/** Of a decoder, with a library of mathematics linked into it. */
export const MOST_LIBRARY_BYTES = 64 * 2 ** 20;

const NONE = "must name a file for aarch64, x86_64 or both";
const isSome = (of: Partial<Record<Machine, unknown>>): boolean =>
  Machine.options.some((machine) => of[machine] !== undefined);

const Path = z.string().min(1);

export const DecoderLibrary = z
  .strictObject({
    aarch64: Path.optional().meta({ description: "For Jetsons, and PCs with such a processor." }),
    x86_64: Path.optional().meta({
      description: "For PCs, and for boards that are simulated on one.",
    }),
  })
  .refine(isSome, NONE)
  .meta({
    title: "OwnDecoder",
    description:
      "A decoder of your own: paths of shared objects that export the C interface native/decoders/decoder_abi.h, relative " +
      "to the program, one for each kind of machine that is to run it. Devices verify them by their digests; they run in " +
      "the process of the pipeline, with its rights.",
  });
export type DecoderLibrary = z.infer<typeof DecoderLibrary>;

const LibraryObject = objectUpTo(MOST_LIBRARY_BYTES, "file").meta({
  title: "DecoderObject",
  description: "A shared object, as the hub holds it.",
});
export type DecoderObject = z.infer<typeof LibraryObject>;

/** The files of a decoder as objects at the hub. */
export const DecoderObjects = z
  .strictObject({ aarch64: LibraryObject.optional(), x86_64: LibraryObject.optional() })
  .refine(isSome, NONE)
  .meta({
    title: "DecoderObjects",
    description: "The shared objects of decoder library, by machine, objects like the model.",
  });
export type DecoderObjects = z.infer<typeof DecoderObjects>;

/** What Node calls a machine: that of this process. Null for one that no device has. */
export function machineOf(arch: string): Machine | null {
  if (arch === "arm64") return "aarch64";
  return arch === "x64" ? "x86_64" : null;
}
