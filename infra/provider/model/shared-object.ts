import { FleetError } from "../../../fleet/errors/index.ts";
import type { Machine } from "../../../fleet/spec/index.ts";

/** `e_machine` of each. */
const ELF_MACHINES: Record<Machine, number> = { aarch64: 183, x86_64: 62 };
const HEADER_BYTES = 64;
const SHARED_OBJECT = 3;

/**
 * Throws DECODER_MACHINE for one of another machine, MODEL_INVALID for what is no shared object or not whole, so that no
 * loader meets it. Layout: System V ABI, "ELF-64 Object File Format" 1.5, chapters 2, 3 and 7.
 */
export function requireSharedObject(bytes: Buffer, machine: Machine, path: string): void {
  const refuse = (got: string, code: "MODEL_INVALID" | "DECODER_MACHINE" = "MODEL_INVALID") => {
    return new FleetError(code, `expected a shared object for ${machine}, got ${got} at ${path}`);
  };
  const isElf64 =
    bytes.length >= HEADER_BYTES && bytes.toString("latin1", 0, 6) === "\x7fELF\x02\x01";
  if (!isElf64) throw refuse(`${bytes.length} bytes that are no 64-bit ELF file`);
  const elfMachine = bytes.readUInt16LE(18);
  if (elfMachine !== ELF_MACHINES[machine]) {
    const [other = `ELF machine ${elfMachine}`] =
      Object.entries(ELF_MACHINES).find(([, number]) => number === elfMachine) ?? [];
    throw refuse(`one for ${other}`, "DECODER_MACHINE");
  }
  if (bytes.readUInt16LE(16) !== SHARED_OBJECT) throw refuse("an ELF file that is none");
  const end = endOf(bytes);
  if (end > bytes.length) throw refuse(`${bytes.length} bytes of one that has ${end}`);
}

/** Where the last of what the headers name ends: segments, and the table of sections. */
function endOf(bytes: Buffer): number {
  const tableEnd = (offset: number, entry: number, count: number) =>
    count === 0 ? 0 : offset + entry * count;
  const [segments, sections] = [at(bytes, 32), at(bytes, 40)];
  const [segmentBytes, segmentCount] = [bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  const ends = [
    tableEnd(segments, segmentBytes, segmentCount),
    tableEnd(sections, bytes.readUInt16LE(58), bytes.readUInt16LE(60)),
  ];
  for (let index = 0; index < segmentCount; index += 1) {
    const header = segments + index * segmentBytes;
    if (header + 40 <= bytes.length) ends.push(at(bytes, header + 8) + at(bytes, header + 32));
  }
  return Math.max(...ends);
}

function at(bytes: Buffer, offset: number): number {
  return Number(bytes.readBigUInt64LE(offset));
}
