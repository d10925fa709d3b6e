import * as pulumi from "@pulumi/pulumi";

/**
 * Marks what is at some paths as secret before it leaves the program: what is marked by the provider alone has been in
 * the engine's own debug output by then. Only that, as an apply would make all beside it secret, too. `*` stands for any
 * key.
 */
export function withSecrets(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.length === 0 || value === undefined || value === null) return value;
  if (paths.some((path) => path.length === 0)) return pulumi.secret(value);
  if (pulumi.Output.isInstance(value) || value instanceof Promise) {
    return pulumi.output(value).apply((known: unknown) => withSecrets(known, paths));
  }
  if (Array.isArray(value))
    return value.map((part: unknown) => withSecrets(part, below(paths, "*")));
  if (typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, withSecrets(part, below(paths, key))]),
  );
}

function below(paths: readonly (readonly string[])[], key: string): string[][] {
  return paths.filter(([head]) => head === key || head === "*").map((path) => path.slice(1));
}
