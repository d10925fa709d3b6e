import type { z } from "zod";
import type { FleetContext } from "../fleet-context.ts";
import type { Properties } from "../rpc/values.ts";

/** A question that a program may ask, in previews as well. It changes nothing, and takes and gives no secret. */
export interface ProviderFunction {
  readonly token: string;
  readonly description: string;
  readonly inputs: z.ZodObject;
  readonly outputs: z.ZodObject;
  /** `context` throws where the provider is not configured yet. */
  answer(args: Properties, context: () => FleetContext, signal: AbortSignal): Promise<object>;
}
