import * as pulumi from "@pulumi/pulumi";

/**
 * Marks the values of some keys as secret before they leave the program: what is marked by the provider alone has been
 * in the engine's own debug output by then. Only these, as an apply would make all beside them secret, too.
 */
export function withSecrets<T extends object>(
  value: pulumi.Input<T>,
  keys: readonly (keyof T)[],
): pulumi.Input<T> {
  if (isPlain(value)) return markSecrets(value as T, keys);
  return pulumi.output(value).apply((known) => markSecrets(known as T, keys)) as pulumi.Input<T>;
}

/** The same for what is there as it is. */
export function markSecrets<T extends object>(value: T, keys: readonly (keyof T)[]): T {
  const copy = { ...value };
  for (const key of keys) {
    if (copy[key] !== undefined) copy[key] = pulumi.secret(copy[key]) as T[keyof T];
  }
  return copy;
}

/** Whether it is there as it is, and not only later. */
export function isPlain(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    !pulumi.Output.isInstance(value) &&
    !(value instanceof Promise)
  );
}
