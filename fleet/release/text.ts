import { TextDecoder } from "node:util";
import { FleetError } from "../errors/index.ts";

/**
 * The bytes of a text that is signed or verified. A lone surrogate has none of its own: it would be written as
 * U+FFFD, so that two texts shared one signature. Such a text is refused.
 */
export function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.toString("utf8") === text) return bytes;
  throw new FleetError(
    "DESIRED_INVALID",
    "Expected a text that its UTF-8 bytes stand for but it holds a lone surrogate",
  );
}

/** The text of bytes, every one of them; bytes that are no UTF-8 are refused, not replaced. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FleetError("DESIRED_INVALID", "Expected UTF-8 but the message holds other bytes");
  }
}

/** The value that a text stands for; undefined when it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
