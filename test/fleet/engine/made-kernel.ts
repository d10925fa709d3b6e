/** Kernel files as the native runtime writes them, by an arithmetic of their own. */
const fnv1a = (bytes: Uint8Array): string => {
  let sum = 0xcbf29ce484222325n;
  for (const byte of bytes) sum = ((sum ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return sum.toString(16).padStart(16, "0");
};

export function madeKernel(name: string, capability: number, compiler = "12.9", source = "code") {
  const key = Buffer.from(`jetfleet kernel 2\n${name} sm_${capability}\n${source}`);
  const rest = Buffer.concat([Buffer.from(`${compiler}\0\x7fELF`), Buffer.alloc(500, 0xa5)]);
  const bytes = Buffer.concat([key, Buffer.from([0]), Buffer.from(fnv1a(rest)), rest]);
  return { bytes, fileName: `${name}-sm${capability}-${fnv1a(key)}.kernel` };
}
