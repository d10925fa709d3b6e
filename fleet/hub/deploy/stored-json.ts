import type { z } from "zod";
import { FleetError } from "../../errors/index.ts";
import { parseJson, textOf } from "../../release/index.ts";
import { readIfThere } from "../../transfer/files/durable-file.ts";
import type { FileLayer } from "../../transfer/files/file-layer.ts";

/** What a file of ours holds, or null when there is none. What cannot be read is an error, never nothing. */
export async function readStored<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  layer: FileLayer,
): Promise<z.infer<Schema> | null> {
  let bytes: Buffer | null;
  try {
    bytes = await readIfThere(file, layer);
  } catch (cause) {
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (bytes === null) return null;
  let text: string;
  try {
    text = textOf(bytes);
  } catch (cause) {
    throw unreadable(file, "bytes that are no text", cause);
  }
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable(file, `${issue?.path.join(".") || "content"}: ${issue?.message}`, parsed.error);
}

function unreadable(file: string, got: string, cause: unknown): FleetError {
  return new FleetError(
    "HUB_STATE_UNREADABLE",
    `Expected what this version of the hub wrote to ${file} but got ${got}`,
    { cause },
  );
}
