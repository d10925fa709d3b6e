import { FleetError } from "../../fleet/errors/index.ts";
import { isOwn, type Machine, type ModelManifest } from "../../fleet/spec/index.ts";

/**
 * The shared object of a model's own decoder, which the runner loads by this very digest or not at all; undefined where
 * the decoder is one of the runtime's. Throws DECODER_MACHINE.
 */
export function ownDecoder(
  {
    name,
    decoder,
    decoderLibrary = {},
  }: Pick<ModelManifest, "name" | "decoder" | "decoderLibrary">,
  machine: Machine | null,
  objectPath: (digest: string) => string,
): { path: string; digest: string } | undefined {
  if (!isOwn(decoder)) return undefined;
  const digest = machine === null ? undefined : decoderLibrary[machine]?.digest;
  if (digest !== undefined) return { path: objectPath(digest), digest };
  const had = Object.keys(decoderLibrary).join(" and ");
  throw new FleetError(
    "DECODER_MACHINE",
    `Expected a decoder of ${name} for ${machine ?? process.arch} but there is one for ${had} alone`,
  );
}
