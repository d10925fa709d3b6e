import { expect } from "vitest";
import type { ErrorCode } from "../../../fleet/errors/index.ts";
import type { UpAnswer } from "./run-pulumi.ts";

export interface SeenError {
  code: ErrorCode;
  /** What was expected and what came, as the user reads it. */
  says: RegExp;
  /** The next step. */
  next: RegExp;
  withinMs: number;
}

/** The one error of a command: with code, expectation, what came and next step, in time, and not as our own fault. */
export function expectError(answer: UpAnswer, { code, says, next, withinMs }: SeenError): void {
  const { text } = answer;
  expect(answer.code, text).not.toBe(0);
  const shown = errorText(text, code);
  expect(shown, text).not.toBeNull();
  expect(shown).toMatch(says);
  expect(shown).toMatch(new RegExp(`next: .*${next.source}`, "s"));
  expect(text).not.toMatch(/INTERNAL|UnhandledPromise|\n\s+at .+:\d+:\d+/);
  expect(answer.tookMs, "time until the error").toBeLessThan(withinMs);
}

/** From the code to the end of its next step: what a person reads of the error. */
export function errorText(text: string, code: ErrorCode): string | null {
  const from = text.lastIndexOf(`${code}:`);
  if (from < 0) return null;
  return /^[\s\S]*?next:.*/.exec(text.slice(from))?.[0] ?? text.slice(from);
}

/** Collects what users saw, for the report at the end of a run. */
export class ErrorsSeen {
  readonly #rows: { what: string; text: string; tookMs: number }[] = [];

  check(what: string, answer: UpAnswer, error: SeenError): void {
    expectError(answer, error);
    const text = errorText(answer.text, error.code) ?? "";
    this.#rows.push({ what, text, tookMs: answer.tookMs });
  }

  print(): void {
    for (const { what, text, tookMs } of this.#rows) {
      process.stdout.write(`\n${what} (after ${(tookMs / 1000).toFixed(1)} s)\n${text}\n`);
    }
  }
}
