import type { Checked, CheckFailure, CheckRules } from "../check.ts";
import type { Diff } from "../diff.ts";
import type { FleetContext } from "../fleet-context.ts";
import type { Severity } from "../rpc/engine-log.ts";
import type { Operation } from "../rpc/operation.ts";
import type { Properties } from "../rpc/values.ts";

export interface Known {
  id: string;
  /** Inputs of the last successful check; may be absent after an import. */
  inputs: Properties;
  /** Outputs as they stand in the state file. */
  state: Properties;
}

/** Of severity "info" when none is given. */
export type Log = (message: string, severity?: Severity) => void;

/**
 * One resource type. Check and diff talk to nobody, and of this machine diff looks at nothing but the clock.
 * Everything else takes an operation, whose signal it obeys.
 */
export interface Resource {
  readonly type: string;
  readonly rules: CheckRules;
  /** Milliseconds, unless customTimeouts say otherwise. */
  readonly timeoutsMs: { create: number; update: number; delete: number; read: number };
  /** It may become otherwise by itself, so a program may have it looked at before each update. */
  readonly drifts: boolean;
  /** What the rules of the schema cannot say. Runs after them, on inputs with defaults. Throws the signal's reason. */
  refine?(
    inputs: Properties,
    checked: Checked,
    urn: string,
    signal: AbortSignal,
  ): Promise<CheckFailure[]>;
  /** Outputs that must be so when all is well. Check adds them to the inputs, so that a diff can show them. */
  goals(context: FleetContext): Promise<Properties>;
  /** Outputs that follow from the others. */
  derived?(state: Properties): Properties;
  diff(known: Known, news: Properties): Diff;
  /** Id and outputs that a create would give, as far as they are certain; `log` shows a line. */
  previewCreate(inputs: Properties, log: Log): { id: string; state: Properties };
  previewUpdate(known: Known, news: Properties, log: Log): Properties;
  /** Tells, in a preview, what is to be known of it from elsewhere; never throws, and never keeps one waiting long. */
  foretell?(context: FleetContext, inputs: Properties, log: Log): Promise<void>;
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
