export interface Lock {
  packages: Record<string, object>;
}
export function platformOf(
  packageName: string,
): { os: string[]; cpu: string[]; libc?: string[] } | undefined;
export function missingPlatformPackages(lock: Lock): Map<string, unknown>;
export function completeLockfile(lock: Lock): Lock;
