import { z } from "zod";
import type { NativeBackendInfo } from "../../../native/binding/api.ts";

export const BackendInfo = z.object({
  name: z.string().min(1).max(64),
  version: z.string().min(1).max(64).nullable(),
  gpu: z
    .object({
      name: z.string().min(1).max(256),
      computeCapability: z.number().int().min(10).max(999),
      multiprocessors: z.number().int().min(1).max(4096),
    })
    .nullable(),
  noGpu: z.string().max(4000).nullable(),
}) satisfies z.ZodType<NativeBackendInfo>;
export type BackendInfo = z.infer<typeof BackendInfo>;
