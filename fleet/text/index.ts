export { outward } from "./outward.ts";
export { printable } from "./printable.ts";
export { redact, redactUri } from "./redact.ts";
export { OpenData, Text } from "./text-type.ts";
