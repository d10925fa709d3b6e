import { FleetError } from "../errors/index.ts";
import type { PackageFile } from "../spec/index.ts";
import { type SshSession, uploadFile } from "../ssh/index.ts";
import { runAsRoot } from "./board-shell.ts";
import { BASE, CARRIED_PACKAGES } from "./layout.ts";
import type { Operation } from "./operation.ts";
import { digestFile } from "./runtime/release.ts";

/** Throws SPEC_INVALID, before anything is changed, for a file that is absent or another than the program names. */
export async function requirePackageFiles(files: readonly PackageFile[]): Promise<void> {
  for (const { path, digest } of files) {
    const got = await digestFile(path).catch((error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? "no file" : error.message,
    );
    if (got === digest) continue;
    throw new FleetError("SPEC_INVALID", `Expected ${digest} in ${path} but got ${got}`, {
      hint: "Correct `packageFiles` in the program: `sha256sum FILE` says what a file is.",
    });
  }
}

/**
 * Brings the files to the board, each on from where an earlier `up` ended. They lie there under their digests, which the
 * board has compared with what arrived.
 */
export async function carryPackages(
  { connection, operation }: { connection: SshSession; operation: Operation },
  files: readonly PackageFile[],
): Promise<void> {
  const { signal } = operation;
  const label = "preparing the folder of packages";
  await runAsRoot(connection, prepareCarriedScript(files), { label, signal });
  for (const [index, { path, digest }] of files.entries()) {
    operation.status(`sending package ${index + 1} of ${files.length}`);
    await uploadFile(connection, {
      source: { path },
      remotePath: `${CARRIED_PACKAGES}/${carriedName(digest)}`,
      ...{ mode: 0o644, digest, signal },
      onRetry: ({ message }) => operation.log("warning", `${message}; going on where it ended`),
    });
  }
}

/** A folder for the login to write to, with nothing in it that is not to be installed. */
export function prepareCarriedScript(files: readonly PackageFile[]): string {
  const names = files.map(({ digest }) => carriedName(digest));
  return `mkdir -p -m 0755 ${BASE} ${CARRIED_PACKAGES}
for one in ${CARRIED_PACKAGES}/*; do
  case "\${one##*/}" in ${names.flatMap((name) => [name, `${name}.part`]).join("|")}) ;; *) rm -f "$one" ;; esac
done
chown -R -h "\${SUDO_UID:-0}:\${SUDO_GID:-0}" ${CARRIED_PACKAGES}`;
}

function carriedName(digest: string): string {
  return `${digest.replace("sha256:", "")}.deb`;
}
