import * as pulumi from "@pulumi/pulumi";

/** An error of the program, shown without a stack trace of Pulumi's own code. */
export function misuse(
  type: string,
  name: string,
  property: string,
  expected: string,
  got: unknown,
): Error {
  const shown = got === undefined ? "nothing" : typeof got === "object" ? "an object" : typeof got;
  return new pulumi.RunError(`${type} "${name}": ${property}: expected ${expected}, got ${shown}`);
}

/** Programs without type checks reach the constructors with anything. */
export function requireArgs(type: string, name: string, args: unknown): void {
  if (typeof name !== "string" || name === "") {
    throw new pulumi.RunError(`${type}: expected a name as first argument, got ${String(name)}`);
  }
  if (typeof args !== "object" || args === null)
    throw misuse(type, name, "arguments", "an object", args);
}
