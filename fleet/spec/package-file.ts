import { z } from "zod";
import { Digest } from "./names.ts";

/** A Debian package that the operator has, for boards that cannot download it. */
export const PackageFile = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .max(4096)
      .meta({ description: "The .deb file on the machine that runs the program." }),
    digest: Digest.meta({
      description: "sha256: and what `sha256sum` says of the file; another file is refused.",
    }),
  })
  .meta({ title: "PackageFile", description: "A Debian package that is carried to the board." });
export type PackageFile = z.infer<typeof PackageFile>;
