/**
 * Reads what `nvfancontrol -q` prints (`FAN1:FAN_PROFILE:cool`, from L4T 34 on), or `nvpmodel -q` before (`NV Fan Mode:quiet`).
 * Null when no profile is named, or fans are not of one profile.
 */
export function parseFanProfile(output: string): string | null {
  const names = [...output.matchAll(/(?:FAN_PROFILE|NV Fan Mode):[ \t]*(\w{1,64})/g)].map(
    ([, name]) => name,
  );
  return new Set(names).size === 1 ? (names[0] ?? null) : null;
}
