/** A kernel of the backend's own, compiled for one kind of GPU. */
export interface KernelFile {
  /** Of the source, "prepare". */
  name: string;
  /** 87 for 8.7. */
  capability: number;
  /** Which NVRTC it was, "12.9". */
  compiler: string;
  /** What a runner looks for: made of source and capability. */
  fileName: string;
}

const HEAD = /^jetfleet kernel 2\n([a-z][a-z0-9-]{0,31}) sm_(\d{2,3})\n/;
const DIGITS = 16;

/**
 * A file as the native runtime writes it (native/backends/tensorrt/cuda/kernel_cache.cc): a line for the format, one for name
 * and GPU, the source; a NUL; a checksum of what follows, the compiler's version, a NUL; the kernel. Null: it is none, or is
 * not whole.
 */
export function readKernelFile(bytes: Uint8Array): KernelFile | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const keyEnd = file.indexOf(0);
  const key = keyEnd < 0 ? null : file.subarray(0, keyEnd);
  const [, name, capability] = HEAD.exec(key?.toString("latin1") ?? "") ?? [];
  if (key === null || name === undefined) return null;
  const from = keyEnd + 1 + DIGITS;
  const rest = file.subarray(from);
  const compilerEnd = rest.indexOf(0);
  const isWhole = file.toString("latin1", keyEnd + 1, from) === fnv1a(rest);
  if (!isWhole || compilerEnd < 1 || compilerEnd + 1 >= rest.length) return null;
  return {
    ...{ name, capability: Number(capability) },
    compiler: rest.toString("latin1", 0, compilerEnd),
    fileName: `${name}-sm${capability}-${fnv1a(key)}.kernel`,
  };
}

/** FNV-1a of 64 bits, in hexadecimal: by halves of 32 bits, for a BigInt for each byte would take a second. */
function fnv1a(bytes: Uint8Array): string {
  let [high, low] = [0xcbf29ce4, 0x84222325];
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0;
    // Times 2^40 + 0x1b3.
    const product = low * 0x1b3;
    const carry = Math.floor(product / 2 ** 32);
    high = (Math.imul(high, 0x1b3) + carry + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return [high, low].map((half) => half.toString(16).padStart(8, "0")).join("");
}
