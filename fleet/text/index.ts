export { outward } from "./outward.ts";
export { printable } from "./printable.ts";
export { redact, redactUri } from "./redact.ts";
