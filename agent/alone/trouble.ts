import type { Trouble } from "../../fleet/alone/index.ts";

/** What went wrong, for whoever reads our answer. */
export function troubleOf(error: unknown): Trouble {
  const { code, message, hint } = (error ?? {}) as Partial<Record<keyof Trouble, unknown>>;
  return {
    code: typeof code === "string" ? code : "INTERNAL",
    message: typeof message === "string" ? message : String(error),
    ...(typeof hint === "string" && { hint }),
  };
}
