export interface Wheel {
  /** Such as `name==1.2.3`. */
  requirement: string;
  /** Of the wheel. */
  sha256: string;
  /** Such as `manylinux2014_aarch64`; without, this machine's. */
  platform?: string;
  /** The Python it asks for, where that is not this machine's. */
  python?: string;
}

/** The folder it was unpacked to, within `work`. */
export function fetchWheel(work: string, wheel: Wheel): Promise<string>;
