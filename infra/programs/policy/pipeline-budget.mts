import type { ResourceValidationPolicy } from "@pulumi/policy";
import { z } from "zod";

const Pipeline = z.object({ budget: z.object({ minFps: z.number() }).partial().optional() });
const Settings = z.object({ minFps: z.number().default(1) });

/** Without a budget a preview refuses nothing and `status` cannot tell that a pipeline became slow. */
export const pipelineBudget: ResourceValidationPolicy = {
  name: "pipeline-budget",
  description: "A pipeline says how many frames a second it must achieve.",
  configSchema: {
    properties: {
      minFps: { type: "number", minimum: 0, description: "No pipeline asks for less." },
    },
  },
  validateResource: (args, report) => {
    if (args.type !== "jetfleet:index:Pipeline") return;
    const least = Settings.parse(args.getConfig()).minFps;
    const asked = Pipeline.parse(args.props).budget?.minFps;
    if (asked !== undefined && asked >= least) return;
    report(
      `Expected budget.minFps of at least ${least} but got ${asked ?? "none"}: ` +
        `set it to what ${args.name} must achieve, such as \`budget: { minFps: ${Math.max(least, 10)} }\`.`,
    );
  },
};
