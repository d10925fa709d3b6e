import type { CheckFailure, Checked, CheckRules } from "../check.ts";
import type { Diff } from "../diff.ts";
import type { FleetContext } from "../fleet-context.ts";
import type { Operation } from "../rpc/operation.ts";
import type { Properties } from "../rpc/values.ts";

export interface Known {
  id: string;
  /** Inputs of the last successful check; may be absent after an import. */
  inputs: Properties;
  /** Outputs as they stand in the state file. */
  state: Properties;
}

/**
 * One resource type. `check` and `diff` talk to nobody; `diff` sees what it needs of the machine through `facts`.
 * Everything else takes an operation, whose signal it obeys.
 */
export interface Resource {
  readonly type: string;
  readonly rules: CheckRules;
  /** Milliseconds, unless customTimeouts say otherwise. */
  readonly timeoutsMs: { create: number; update: number; delete: number; read: number };
  /** What the rules of the schema cannot say. Runs after them, on inputs with defaults. */
  refine?(inputs: Properties, checked: Checked): Promise<CheckFailure[]>;
  /** Local facts that a diff depends on, such as the digest of the runtime in this clone. */
  facts?(context: FleetContext, known: Known): Promise<Properties>;
  diff(context: FleetContext, known: Known, news: Properties, facts: Properties): Diff;
  /** Id and outputs that a create would give, as far as they are certain. */
  previewCreate(context: FleetContext, inputs: Properties): { id: string; state: Properties };
  previewUpdate(context: FleetContext, known: Known, news: Properties): Properties;
  create(
    context: FleetContext,
    operation: Operation,
    inputs: Properties,
  ): Promise<{ id: string; state: Properties }>;
  /** null: it is certain that the resource is gone. Never for a board or hub that does not answer. */
  read(context: FleetContext, operation: Operation, known: Known): Promise<Known | null>;
  update(
    context: FleetContext,
    operation: Operation,
    known: Known,
    news: Properties,
  ): Promise<Properties>;
  delete(context: FleetContext, operation: Operation, known: Known): Promise<void>;
}
