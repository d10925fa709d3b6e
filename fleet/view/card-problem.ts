import { cardHint } from "../boards/index.ts";
import { ERROR_CODES } from "../errors/index.ts";
import type { DeviceView, Problem } from "./view.ts";

/** What is the matter with the cards of a PC. Pipelines may run all the same, so only a lost card is an error. */
export function cardProblem({ name: device, figures }: DeviceView): Problem[] {
  const trouble = figures?.cards?.trouble;
  if (!trouble) return [];
  const code = trouble.kind === "card-lost" ? "CARD_LOST" : "CARD_FIGURES";
  return [
    {
      ...{ device, pipeline: null, code, message: trouble.says, sinceMs: null },
      severity: code === "CARD_LOST" ? "error" : "warning",
      hint: cardHint(trouble) ?? ERROR_CODES[code].hint,
    },
  ];
}
