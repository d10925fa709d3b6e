import { z } from "zod";
import { findModule } from "../../../fleet/boards/catalog/index.ts";
import { FleetError } from "../../../fleet/errors/index.ts";
import {
  AcceleratorChoice,
  BudgetSpec,
  PlanSummary,
  PrecisionChoice,
} from "../../../fleet/spec/index.ts";
import { readModelFile } from "../model/model-file.ts";
import { pipelinePlanner } from "../plan/pipeline-planner.ts";
import type { ProviderFunction } from "./function.ts";

const Inputs = z.strictObject({
  source: z.string().min(1).meta({ description: "Path of the ONNX file." }),
  board: z.string().min(1).meta({ description: "Module or family, such as agx-xavier-16gb." }),
  jetpack: z.string().optional().meta({ description: "JetPack version. Default: the newest." }),
  powerMode: z.string().optional().meta({ description: "Default: the fastest." }),
  accelerator: AcceleratorChoice.optional(),
  precision: PrecisionChoice.optional(),
  budget: BudgetSpec.optional(),
});

export const planEngine: ProviderFunction = {
  token: "jetfleet:index:planEngine",
  description: "What a model would do on a board's silicon, as a preview says of a Pipeline.",
  inputs: Inputs,
  outputs: z.object(PlanSummary.shape),

  async answer(args) {
    const asked = Inputs.parse(args);
    if (!findModule(asked.board)) {
      throw new FleetError(
        "BOARD_UNKNOWN",
        `Expected a module of the tables but got ${asked.board}`,
      );
    }
    const { digest, model } = await readModelFile(asked.source);
    pipelinePlanner.noteModel(digest, model);
    const { minFps, latencyP95Ms } = asked.budget ?? {};
    const question = {
      ...{ digest, board: asked.board, module: asked.board },
      ...{ jetpack: asked.jetpack, powerMode: asked.powerMode, libraryFaults: [], streams: [] },
      ...{ accelerator: asked.accelerator, precision: asked.precision },
      ...{ minFps, latencyMs: latencyP95Ms },
    };
    const nobody = { urn: "", device: undefined, pipeline: undefined, simulated: false };
    const { summary, failures } = pipelinePlanner.plan(question, nobody);
    if (failures.length === 0) return summary;
    return { ...summary, verdict: "refused", warnings: failures.map(({ reason }) => reason) };
  },
};
