import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { FleetError } from "../errors/index.ts";

/** What stands in an engine beside the plan, found to be whole and unaltered. */
export interface SealedEngine {
  /** Text of its `EngineKey`. */
  key: string;
  /** What the vendor's library said of it, as JSON; empty when it said nothing. */
  notes: string;
  planBytes: number;
  isSigned: boolean;
  /** Names these very bytes. */
  digest: string;
}

const MAGIC = "JFENGINE";
const LAYOUT = 1;
const HEAD_BYTES = 40;
const DIGEST_BYTES = 32;
const SIGNED = 1;

/**
 * Reads the layout of `native/backends/tensorrt/files/sealed_engine.h`. With a key of the device, an engine that was not
 * signed with it is refused. Throws MODEL_INVALID.
 */
export function readSealedEngine(bytes: Uint8Array, macKey?: Uint8Array): SealedEngine {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.subarray(0, 8).toString("latin1") !== MAGIC) {
    throw refused(`one that begins with ${data.subarray(0, 8).toString("hex") || "nothing"}`);
  }
  const content = data.length - 2 * DIGEST_BYTES;
  if (content < HEAD_BYTES) throw refused(`${data.length} bytes of one`);
  if (data.readUInt32LE(8) !== LAYOUT) throw refused(`layout ${data.readUInt32LE(8)}`);
  const [key, notes, plan] = [16, 24, 32].map((at) => Number(data.readBigUInt64LE(at))) as [
    number,
    number,
    number,
  ];
  if (HEAD_BYTES + key + notes + plan !== content) {
    throw refused(`${data.length} bytes of one that says otherwise`);
  }
  const digest = createHash("sha256").update(data.subarray(0, content)).digest();
  if (!digest.equals(data.subarray(content, content + DIGEST_BYTES))) {
    throw refused("one that was altered");
  }
  const isSigned = (data.readUInt32LE(12) & SIGNED) !== 0;
  if (macKey !== undefined) checkSignature(data, isSigned, macKey);
  const notesAt = HEAD_BYTES + key;
  return {
    key: data.subarray(HEAD_BYTES, notesAt).toString("utf8"),
    notes: data.subarray(notesAt, notesAt + notes).toString("utf8"),
    planBytes: plan,
    isSigned,
    digest: `sha256:${createHash("sha256").update(data).digest("hex")}`,
  };
}

function checkSignature(data: Buffer, isSigned: boolean, macKey: Uint8Array): void {
  if (!isSigned) throw refused("one that is not signed");
  const signed = data.length - DIGEST_BYTES;
  const expected = createHmac("sha256", macKey).update(data.subarray(0, signed)).digest();
  if (!timingSafeEqual(expected, data.subarray(signed))) {
    throw refused("one that another device signed");
  }
}

function refused(got: string): FleetError {
  return new FleetError(
    "MODEL_INVALID",
    `Expected an engine that this device built but got ${got} while reading it`,
    { hint: "Build the engine again." },
  );
}
