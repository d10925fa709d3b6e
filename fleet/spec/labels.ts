import { z } from "zod";
import { Name } from "./names.ts";

const MAX_LABELS = 32;

/** ASCII alone: text that looks the same on two screens is the same, whatever its Unicode form. */
export const LabelValue = z.string().regex(/^[!-~]([ -~]{0,61}[!-~])?$/, {
  error: "must be 1 to 63 printable ASCII characters, and begin and end with no space",
});

/** What devices may be addressed by beside their names, such as `{ site: "basel" }`. */
export const Labels = z
  .record(Name, LabelValue)
  .refine((labels) => Object.keys(labels).length <= MAX_LABELS, {
    error: `must be at most ${MAX_LABELS} labels`,
  });
export type Labels = Readonly<z.infer<typeof Labels>>;

export function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}
