import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyMemory, judge, type Memory } from "../../../fleet/deploy/index.ts";
import { bytes, CLOCK, chosenOf, IDENTITY, messageOf } from "../support/signed-fleet.ts";

const MESSAGE = messageOf(3, [chosenOf("entrance"), chosenOf("yard")], {
  composition: { answers: "nonce" },
});
const TEXT = JSON.stringify(MESSAGE);
const NEW = emptyMemory("nonce");

describe("whatever arrives", () => {
  it("is judged and never thrown at", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map((text) => Buffer.from(text)),
          fc.uint8Array(),
        ),
        (message) => {
          expect(judge(message, NEW, CLOCK, IDENTITY).verdict).toBe("refused");
        },
      ),
    );
  });

  it("is refused or means the same when one character of it was changed", () => {
    const whole = judge(Buffer.from(TEXT), NEW, CLOCK, IDENTITY);
    fc.assert(
      fc.property(
        fc.nat(TEXT.length - 1),
        fc.string({ minLength: 1, maxLength: 1 }),
        (at, char) => {
          const changed = TEXT.slice(0, at) + char + TEXT.slice(at + 1);
          const verdict = judge(Buffer.from(changed), NEW, CLOCK, IDENTITY);
          if (verdict.verdict === "accepted") expect(verdict).toEqual(whole);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is refused when it was cut short", () => {
    fc.assert(
      fc.property(fc.nat(TEXT.length - 1), (length) => {
        expect(judge(Buffer.from(TEXT.slice(0, length)), NEW, CLOCK, IDENTITY).verdict).toBe(
          "refused",
        );
      }),
    );
  });
});

describe("in any order of compositions", () => {
  const change = fc.record({
    generation: fc.integer({ min: 1, max: 12 }),
    roles: fc.integer({ min: 1, max: 3 }),
    numbers: fc.record({
      entrance: fc.integer({ min: 1, max: 4 }),
      yard: fc.integer({ min: 0, max: 4 }),
    }),
  });

  it("no number that a device remembers ever goes back", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        let memory: Memory = NEW;
        for (const { generation, roles, numbers } of changes) {
          const chosen = Object.entries(numbers).flatMap(([name, n]) =>
            n > 0 ? [chosenOf(name, n)] : [],
          );
          const message = messageOf(generation, chosen, {
            roles: { number: roles },
            composition: { answers: "nonce" },
          });
          const verdict = judge(bytes(message), memory, CLOCK, IDENTITY);
          if (verdict.verdict !== "accepted") continue;
          requireNotBack(memory, verdict.memory);
          memory = verdict.memory;
        }
      }),
      { numRuns: 60 },
    );
  });
});

function requireNotBack(before: Memory, after: Memory): void {
  const order = (memory: Memory) => [memory.roles?.number ?? 0, memory.generation] as const;
  const [[rolesBefore, before_], [rolesAfter, after_]] = [order(before), order(after)];
  expect(rolesAfter > rolesBefore || (rolesAfter === rolesBefore && after_ > before_)).toBe(true);
  expect(after.signedAtMs).toBeGreaterThanOrEqual(before.signedAtMs);
  for (const [key, { number }] of Object.entries(before.parts)) {
    expect(after.parts[key]?.number.n).toBeGreaterThanOrEqual(number.n);
  }
}
