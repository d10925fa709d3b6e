import { z } from "zod";
import type { ErrorCode } from "../../fleet/errors/index.ts";
import {
  isProperties,
  isSecretAt,
  type Properties,
  propertyPath,
  reveal,
  Secret,
  Unknown,
  type Value,
  valueAt,
} from "./rpc/values.ts";

export interface CheckFailure {
  /** Property path, such as `detect.minScore`. */
  property: string;
  reason: string;
  /** Default: SPEC_INVALID. */
  code?: ErrorCode;
  /** What helps. Default: what helps with the code. */
  hint?: string;
}

export interface Checked {
  inputs: Properties;
  failures: CheckFailure[];
}

export interface CheckRules {
  schema: z.ZodObject;
  /** Keys of the design that this version does not act on, by dotted path. */
  unsupported: readonly string[];
  /** Dotted paths of secrets; `*` stands for any key. */
  secrets: readonly string[];
}

/**
 * Validates inputs that may hold unknowns and secrets: fills in defaults, makes secrets secret, and tells what is
 * wrong by property path. Values are otherwise left as the user wrote them.
 */
export function checkProperties(rules: CheckRules, news: Properties): Checked {
  const defaulted = withDefaults(rules.schema, dropNulls(news)) ?? {};
  const inputs = markSecrets(
    defaulted,
    rules.secrets.map((path) => path.split(".")),
  ) as Properties;
  const parsed = rules.schema.safeParse(reveal(inputs));
  const issues = parsed.success ? [] : parsed.error.issues;
  return { inputs, failures: issues.flatMap((issue) => failuresOf(issue, inputs, rules)) };
}

/** SDKs of some languages send null for what the program left out. */
export function dropNulls(value: Properties): Properties {
  const entries = Object.entries(value).filter(([, part]) => part !== null);
  return Object.fromEntries(
    entries.map(([key, part]) => [key, isProperties(part) ? dropNulls(part) : part]),
  );
}

/** Written by hand, because zod applies defaults only to input that is valid as a whole, and unknowns never are. */
function withDefaults(schema: z.ZodType, value: Value | undefined): Value | undefined {
  if (schema instanceof z.ZodDefault) {
    const filled = value === undefined ? (schema.def.defaultValue as Value) : value;
    return withDefaults(schema.def.innerType as z.ZodType, filled);
  }
  if (schema instanceof z.ZodOptional) {
    return value === undefined ? undefined : withDefaults(schema.unwrap() as z.ZodType, value);
  }
  if (value instanceof Secret) return new Secret(withDefaults(schema, value.value) ?? null);
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((part) => withDefaults(schema.element as z.ZodType, part) ?? null);
  }
  if (!isProperties(value)) return value;
  if (schema instanceof z.ZodRecord) {
    const valueType = schema.valueType as z.ZodType;
    return mapValues(value, (part) => withDefaults(valueType, part) ?? null);
  }
  if (!(schema instanceof z.ZodObject)) return value;
  const filled: Properties = { ...value };
  for (const [key, type] of Object.entries(schema.shape)) {
    const part = withDefaults(type as z.ZodType, value[key]);
    if (part !== undefined) filled[key] = part;
  }
  return filled;
}

function markSecrets(value: Value, paths: readonly string[][]): Value {
  if (value instanceof Secret || value instanceof Unknown || paths.length === 0) return value;
  if (paths.some((path) => path.length === 0)) return new Secret(value);
  if (Array.isArray(value)) {
    const below = paths.filter(([head]) => head === "*").map((path) => path.slice(1));
    return value.map((part) => markSecrets(part, below));
  }
  if (!isProperties(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      const below = paths.filter((path) => path[0] === key || path[0] === "*");
      return [
        key,
        markSecrets(
          part,
          below.map((path) => path.slice(1)),
        ),
      ];
    }),
  );
}

function failuresOf(
  issue: z.core.$ZodIssue,
  inputs: Properties,
  rules: CheckRules,
): CheckFailure[] {
  const got = valueAt(inputs, issue.path);
  if (got instanceof Unknown) return [];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey([...issue.path, key], rules));
  }
  if (issue.code === "invalid_key") {
    const said = issue.issues[0]?.message ?? "must be a valid name";
    return [{ property: propertyPath(issue.path), reason: `name ${said}` }];
  }
  const shown = isSecretAt(inputs, issue.path) ? "[secret]" : describe(got);
  return [{ property: propertyPath(issue.path), reason: `${expectation(issue)}, got ${shown}` }];
}

function unknownKey(path: PropertyKey[], rules: CheckRules): CheckFailure {
  const property = propertyPath(path);
  if (rules.unsupported.includes(path.join("."))) {
    return {
      property,
      reason: "not yet supported by this version; remove it",
      code: "SPEC_UNSUPPORTED",
    };
  }
  const known = keysAt(rules.schema, path.slice(0, -1));
  const nearest = nearestName(String(path.at(-1)), known);
  const help = nearest ? `did you mean ${nearest}?` : `expected one of ${known.join(", ")}`;
  return { property, reason: `unknown property; ${help}` };
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const inner = unwrap(schema);
  const [head, ...rest] = path;
  if (inner instanceof z.ZodArray) return keysAt(inner.element as z.ZodType, rest);
  if (inner instanceof z.ZodRecord) return keysAt(inner.valueType as z.ZodType, rest);
  if (!(inner instanceof z.ZodObject)) return [];
  if (head === undefined) return Object.keys(inner.shape);
  const next = inner.shape[String(head)] as z.ZodType | undefined;
  return next ? keysAt(next, rest) : [];
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) {
    return unwrap(schema.def.innerType as z.ZodType);
  }
  return schema;
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${NOUNS[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `expected ${issue.values.length > 1 ? "one of " : ""}${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "too_small":
      return `expected ${bound(issue.origin, "at least", issue.minimum)}`;
    case "too_big":
      return `expected ${bound(issue.origin, "at most", issue.maximum)}`;
    default:
      return issue.message;
  }
}

const NOUNS: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === "string")
    return `a text of ${relation} ${limit} character${limit === 1 ? "" : "s"}`;
  if (origin === "array") return `a list of ${relation} ${limit} element${limit === 1 ? "" : "s"}`;
  return `${relation} ${limit}`;
}

function describe(value: Value | undefined): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isProperties(value)) {
    const named = Object.keys(value).length;
    return named === 0 ? "an empty object" : `an object of ${named}`;
  }
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function mapValues(value: Properties, change: (part: Value) => Value): Properties {
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(part)]));
}

/** The candidate within two edits of `name`, or one that begins with it or that it begins with. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const scored = candidates
    .map((candidate) => ({
      candidate,
      edits: editDistance(name.toLowerCase(), candidate.toLowerCase()),
    }))
    .sort((a, b) => a.edits - b.edits);
  const best = scored[0];
  if (best && best.edits <= Math.min(2, Math.floor(name.length / 2))) return best.candidate;
  const begins = (candidate: string) => candidate.startsWith(name) || name.startsWith(candidate);
  return name.length > 2 ? candidates.find(begins) : undefined;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replace));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
