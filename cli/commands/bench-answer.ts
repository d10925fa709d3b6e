import { BenchAnswer, type BenchReport } from "../../fleet/bench/index.ts";
import { ERROR_CODES, type ErrorCode, FleetError } from "../../fleet/errors/index.ts";
import { parseJson } from "../../fleet/release/index.ts";

/** The report in what an agent printed; null when it is no answer. Throws what the agent says went wrong. */
export function reportIn(printed: string): BenchReport | null {
  const answer = BenchAnswer.safeParse(parseJson(printed)).data;
  if (answer === undefined) return null;
  if (answer.type === "report") return answer.report;
  const { code, message, hint } = answer.error;
  const known = code in ERROR_CODES ? (code as ErrorCode) : "INTERNAL";
  throw new FleetError(known, message, hint === undefined ? {} : { hint });
}
