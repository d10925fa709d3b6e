import { requireArgs } from "./misuse.ts";
import { withSecrets } from "./secrets.ts";

/** What a resource is registered with: its arguments, secrets marked, and the names of what it gives. */
export function inputsOf(
  type: string,
  name: string,
  args: object,
  outputs: readonly string[],
  secrets: readonly string[],
): Record<string, unknown> {
  requireArgs(type, name, args);
  const paths = secrets.map((path) => path.split("."));
  return {
    ...Object.fromEntries(outputs.map((key) => [key, undefined])),
    ...(withSecrets(args, paths) as object),
  };
}
