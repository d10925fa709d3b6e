import { BenchAnswer, type BenchReport } from "../../fleet/bench/index.ts";
import { parseJson } from "../../fleet/release/index.ts";
import { errorOfAgent } from "./agent-error.ts";

/** The report in what an agent printed; null when it is no answer. Throws what the agent says went wrong. */
export function reportIn(printed: string): BenchReport | null {
  const answer = BenchAnswer.safeParse(parseJson(printed)).data;
  if (answer === undefined) return null;
  if (answer.type === "report") return answer.report;
  throw errorOfAgent(answer.error);
}
