import { z } from "zod";
import { printable } from "./printable.ts";

/**
 * The type of texts that others wrote and people will read: what acts on a terminal is taken out as it is parsed, so
 * that nobody who shows it needs to think of it.
 */
export const Text = z.string().overwrite(printable);

/** Open data of an event, with all texts in it, and their keys, made printable. */
export const OpenData = z.record(z.string(), z.unknown()).overwrite(printableRecord);

function printableRecord(data: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [printable(key), printableValue(value)]),
  );
}

function printableValue(value: unknown): unknown {
  if (typeof value === "string") return printable(value);
  if (Array.isArray(value)) return value.map(printableValue);
  if (typeof value !== "object" || value === null) return value;
  return printableRecord(value as Record<string, unknown>);
}
