export interface TegraRelease {
  /** L4T version, such as `32.7.1`. */
  l4t: string;
  /** Build id of the release. */
  gcid: string | null;
  /** Name of the image flavour. Not the board: `t186ref` stands on every TX2, Xavier and JetPack 5 Orin. */
  flavour: string | null;
}

const FIRST_LINE =
  /^# R(\d{1,4}) \(release\), REVISION: (\d+(?:\.\d+)*)(?:, GCID: (\d+))?(?:, BOARD: (\w+))?/;

/** Reads `/etc/nv_tegra_release`; only its first line counts, later ones are hashes. Null when it is none. */
export function parseTegraRelease(text: string): TegraRelease | null {
  const match = FIRST_LINE.exec(text);
  if (!match) return null;
  return { l4t: `${match[1]}.${match[2]}`, gcid: match[3] ?? null, flavour: match[4] ?? null };
}
