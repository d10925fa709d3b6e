import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { structPb } from "./proto.ts";

/** A value that only the finished update will know. Met in previews alone. */
export class Unknown {
  readonly kind = "unknown";
}
export const UNKNOWN = new Unknown();

/** A value that must not be shown and that the engine keeps encrypted. */
export class Secret {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}

export type Value = null | boolean | number | string | Unknown | Secret | Value[] | Properties;
export interface Properties {
  [key: string]: Value;
}

// Signatures of the engine's wire format (sdk/go/common/resource/{sig,plugin}).
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const UNKNOWNS = new Set([
  UNKNOWN_TEXT,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

export function decodeProperties(struct: Struct | undefined): Properties {
  return struct ? (decode(struct.toJavaScript()) as Properties) : {};
}

export function encodeProperties(properties: Properties): Struct {
  return structPb.Struct.fromJavaScript(encode(properties) as never);
}

function decode(raw: unknown): Value {
  if (typeof raw === "string") return UNKNOWNS.has(raw) ? UNKNOWN : raw;
  if (Array.isArray(raw)) return raw.map(decode);
  if (!isRecord(raw)) return raw as null | boolean | number;
  if (raw[SIGNATURE] === SECRET) return new Secret(decode(raw["value"]));
  return Object.fromEntries(Object.entries(raw).map(([key, part]) => [key, decode(part)]));
}

function encode(value: Value): unknown {
  if (value instanceof Unknown) return UNKNOWN_TEXT;
  if (value instanceof Secret) return { [SIGNATURE]: SECRET, value: encode(value.value) };
  if (Array.isArray(value)) return value.map(encode);
  if (!isProperties(value)) return value;
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries.map(([key, part]) => [key, encode(part)]));
}

export function isProperties(value: Value | undefined): value is Properties {
  return isRecord(value) && !(value instanceof Secret) && !(value instanceof Unknown);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value without its secret wrappers, for use inside the provider. Unknowns stay. */
export function reveal(value: Value): Value {
  if (value instanceof Secret) return reveal(value.value);
  if (Array.isArray(value)) return value.map(reveal);
  if (!isProperties(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, reveal(part)]));
}

/** The value without what stands at the paths, of which `*` is any element. */
export function without(value: Value, paths: readonly (readonly string[])[]): Value {
  if (paths.length === 0) return value;
  if (value instanceof Secret) return new Secret(without(value.value, paths));
  const below = (key: string) =>
    paths.filter(([head]) => head === key || head === "*").map((path) => path.slice(1));
  if (Array.isArray(value)) return value.map((part) => without(part, below("*")));
  if (!isProperties(value)) return value;
  const kept = Object.entries(value).filter(([key]) =>
    below(key).every(({ length }) => length > 0),
  );
  return Object.fromEntries(kept.map(([key, part]) => [key, without(part, below(key))]));
}

export function hasUnknown(value: Value): boolean {
  if (value instanceof Unknown) return true;
  if (value instanceof Secret) return hasUnknown(value.value);
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isProperties(value) && Object.values(value).some(hasUnknown);
}

export type PathPart = string | number;

/** The value at a path, looking through secrets; UNKNOWN when it or what holds it is not known yet. */
export function valueAt(value: Value | undefined, path: readonly PropertyKey[]): Value | undefined {
  const inner = value instanceof Secret ? value.value : value;
  const [head, ...rest] = path;
  if (head === undefined || inner instanceof Unknown) return inner;
  if (Array.isArray(inner)) return valueAt(inner[Number(head)], rest);
  return isProperties(inner) ? valueAt(inner[String(head)], rest) : undefined;
}

/** True when the value at the path, or something that holds it, is secret. */
export function isSecretAt(value: Value | undefined, path: readonly PropertyKey[]): boolean {
  if (value instanceof Secret) return true;
  const [head, ...rest] = path;
  if (head === undefined) return false;
  if (Array.isArray(value)) return isSecretAt(value[Number(head)], rest);
  return isProperties(value) && isSecretAt(value[String(head)], rest);
}

/** A property path as Pulumi writes it: `sources.cam1.uri`, `labels[0]`, `sources["a.b"]`. */
export function propertyPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const name = String(part);
    if (/^[A-Za-z_$][\w$-]*$/.test(name)) return text ? `${text}.${name}` : name;
    return `${text}[${JSON.stringify(name)}]`;
  }, "");
}
