import { z } from "zod";
import {
  BoardFacts,
  BoardStats,
  PipelineState,
  PipelineStats,
  PipelineUpdate,
  PipelineUpdateState,
  ReportedError,
  ReportedSource,
  RunningEngine,
  UpdateState,
} from "../contract/index.ts";
import { BudgetSpec, Digest, EpochMs, PlanSummary } from "../spec/index.ts";
import { DevicePast } from "./past.ts";
import { Comparison } from "./plan/comparison.ts";

/** Grows when a field of the view changes its meaning or goes away; new fields do not count. */
export const VIEW_SCHEMA_VERSION = 2;

export const Problem = z
  .object({
    severity: z.enum(["error", "warning"]),
    device: z.string(),
    pipeline: z.string().nullable(),
    code: z.string().meta({ description: "A code of fleet/errors." }),
    message: z.string(),
    hint: z.string(),
    sinceMs: EpochMs.nullable(),
  })
  .meta({ description: "Something that keeps the fleet from being what the operator asked for." });
export type Problem = z.infer<typeof Problem>;

export const PipelineView = z.object({
  name: z.string(),
  state: PipelineState.or(z.literal("pending")).meta({
    description:
      "As reported; pending: desired, but the device has not reported it yet; unknown: its device is not online.",
  }),
  sinceMs: EpochMs.nullable(),
  model: z.object({ name: z.string(), digest: Digest }).nullable(),
  engine: RunningEngine.nullable().meta({
    description: "That its runner was given; null: none was reported.",
  }),
  restarts: z.number().int().nonnegative(),
  sources: z.array(ReportedSource).optional().meta({
    description: "What each of several sources said last of itself; absent where there is one.",
  }),
  update: PipelineUpdate.pick({ sinceMs: true, fetchedBytes: true, totalBytes: true, build: true })
    .extend({ state: PipelineUpdateState })
    .nullable()
    .meta({ description: "Its own update; null: the device's agent has one for all pipelines." }),
  error: ReportedError.nullable(),
  stats: PipelineStats.nullable().meta({
    description: "Figures of the last second; null when none came lately.",
  }),
  plan: PlanSummary.extend({
    ofRunningModel: z.boolean().nullable().meta({
      description:
        "false: the device runs another model; null: it runs none, or the plan's is unknown.",
    }),
  })
    .nullable()
    .meta({ description: "As kept with the deployment; null: none was kept." }),
  budget: BudgetSpec.nullable(),
  comparison: Comparison.nullable().meta({ description: "null: neither plan nor budget." }),
});
export type PipelineView = z.infer<typeof PipelineView>;

export const EventView = z.object({
  atMs: EpochMs,
  kind: z.string(),
  pipeline: z.string().optional(),
  message: z.string(),
  data: z.record(z.string(), z.unknown()).optional(),
});
export type EventView = z.infer<typeof EventView>;

export const DeviceView = z.object({
  name: z.string(),
  presence: z.enum(["online", "offline", "silent", "unknown"]).meta({
    description:
      "offline: its will says so; silent: connected but without figures; unknown: it never came, or we have no link to the hub.",
  }),
  presenceSinceMs: EpochMs.nullable(),
  copy: z
    .object({ sinceMs: EpochMs, address: z.string(), ownAddress: z.string() })
    .nullable()
    .meta({ description: "Another board with the same identity, which the hub keeps out." }),
  board: BoardFacts.nullable(),
  simulated: z.boolean().nullable(),
  agentVersion: z.string().nullable(),
  labels: z.record(z.string(), z.string()).nullable().meta({
    description: "As its agent judges scopes by them; null: not reported.",
  }),
  desiredGeneration: z.number().int().nullable(),
  desiredSinceMs: EpochMs.nullable(),
  desiredUntilMs: EpochMs.nullable().meta({
    description: "When what it was told ends; the hub renews it while its key is certified.",
  }),
  generation: z.number().int().nullable(),
  setDigest: Digest.nullable(),
  update: z
    .object({
      state: UpdateState,
      sinceMs: EpochMs,
      fetchedBytes: z.number().optional(),
      totalBytes: z.number().optional(),
    })
    .nullable(),
  reportedAgeMs: z.number().nullable().meta({
    description: "Age of the last report; of a retained one by the device's own clock.",
  }),
  statsAgeMs: z.number().nullable(),
  figures: BoardStats.nullable(),
  error: ReportedError.nullable(),
  pipelines: z.array(PipelineView),
  events: z.array(EventView).meta({
    description: "Newest first, of the device and what the hub noted of it; also before we looked.",
  }),
  past: DevicePast.nullable().meta({
    description: "Figures of the last hour; null: the console shows another device.",
  }),
});
export type DeviceView = z.infer<typeof DeviceView>;

export const FleetView = z
  .object({
    schemaVersion: z.literal(VIEW_SCHEMA_VERSION),
    fleet: z.string(),
    generatedAtMs: EpochMs,
    hub: z.object({
      httpUrl: z.string(),
      connected: z.boolean(),
      invalidMessages: z.number().int().nonnegative().meta({
        description: "Messages that did not follow the contract and were left out.",
      }),
      unknownValues: z.number().int().nonnegative().meta({
        description:
          "Keys and words of newer devices that this version does not know, left out or shown as unknown.",
      }),
      eventsError: z.string().nullable().meta({
        description: "Why no events come any more; null: they do.",
      }),
    }),
    healthy: z.boolean(),
    devices: z.array(DeviceView),
    problems: z.array(Problem),
    hubEvents: z.array(EventView).meta({
      description: "What the hub noted of itself, newest first.",
    }),
  })
  .meta({ description: "What `jetfleet status --json` prints." });
export type FleetView = z.infer<typeof FleetView>;
