import { type ErrorCode, FleetError } from "../errors/index.ts";
import {
  type Addressee,
  compareNumbers,
  isInScope,
  isJump,
  numberText,
  type OpenedPart,
  type Roles,
  scopeText,
} from "../release/index.ts";
import { MAX_REMEMBERED, type Memory, partKey, rememberedPart } from "./memory.ts";

export interface PartJudge extends Addressee {
  fleet: string;
  memory: Memory;
  roles: Roles;
}

/** Throws unless a part, whose signature was checked, is for this device and not older than what it remembers. */
export function requirePart(part: OpenedPart, { memory, roles, fleet, ...us }: PartJudge): void {
  const { kind, name, scope, number } = part.document;
  const what = `${kind} ${name}`;
  if (part.document.fleet !== fleet) {
    throw refusal("PART_OUT_OF_SCOPE", `for fleet ${fleet}`, `for ${part.document.fleet}`, what);
  }
  if (!isInScope(scope, us)) {
    throw refusal("PART_OUT_OF_SCOPE", `for ${us.device}`, `for ${scopeText(scope)}`, what);
  }
  const said = numberText(number);
  if (number.epoch > roles.epoch) {
    const begun = `an epoch up to ${roles.epoch}, the last that the root began`;
    throw refusal("PART_JUMP", begun, `number ${said}`, what);
  }
  const known = rememberedPart(memory, kind, name);
  if (known === null) return requireNewcomer(part, roles, memory, what);
  const order = compareNumbers(number, known.number);
  const last = numberText(known.number);
  if (order < 0) throw refusal("PART_STALE", `number ${last} or above`, said, what);
  if (order === 0 && part.digest !== known.digest) {
    throw refusal("PART_CONFLICT", `the content known as number ${last}`, "another of it", what);
  }
  if (isJump(known.number, number)) {
    throw refusal("PART_JUMP", `a number not far above ${last}`, said, what);
  }
}

/** Only numbers of this epoch are fresh, so that what is remembered of former epochs can be forgotten. */
function requireNewcomer(part: OpenedPart, roles: Roles, memory: Memory, what: string): void {
  const { number } = part.document;
  if (number.epoch < roles.epoch) {
    const expected = `a number of epoch ${roles.epoch}`;
    throw refusal("PART_STALE", expected, `${numberText(number)} of an earlier one`, what);
  }
  if (Object.keys(memory.parts).length >= MAX_REMEMBERED) {
    const expected = `at most ${MAX_REMEMBERED} parts to remember`;
    throw refusal("PART_MEMORY_FULL", expected, "one more", what);
  }
}

function refusal(code: ErrorCode, expected: string, got: string, what: string): FleetError {
  return new FleetError(code, `Expected ${expected} but got ${got} (${what})`);
}

/** The memory once parts are accepted; of earlier epochs only what is still in use is kept. */
export function rememberParts(
  memory: Memory,
  accepted: readonly OpenedPart[],
  epoch: number,
): Memory["parts"] {
  const news = accepted.map(
    ({ document: { kind, name, number }, digest }) =>
      [partKey(kind, name), { number, digest }] as const,
  );
  const kept = Object.entries(memory.parts).filter(([, { number }]) => number.epoch === epoch);
  return Object.fromEntries([...kept, ...news]);
}
