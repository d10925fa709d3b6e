import { FleetError } from "../../fleet/errors/index.ts";
import type { ObjectStore } from "../../fleet/transfer/files/object-store.ts";
import type { Log } from "../report/log.ts";
import type { Supervisor } from "../supervise/supervisor.ts";
import type { StateStore } from "../update/device-state.ts";
import type { PipelineVersion } from "../update/pipeline-version.ts";

export interface StartContext {
  store: StateStore;
  objects: ObjectStore;
  supervisor: Supervisor;
  log: Log;
}

/** Starts the pipelines that were active when the agent ended; false when an object of one cannot be used. */
export async function startActive(context: StartContext): Promise<boolean> {
  let whole = true;
  for (const version of context.store.current.active) {
    if (!(await startOne(version, context))) whole = false;
  }
  return whole;
}

async function startOne(version: PipelineVersion, { objects, supervisor, log }: StartContext) {
  const { digest } = version.model;
  if (await objects.verify(digest)) {
    supervisor.start(version);
    return true;
  }
  log.error(
    `pipeline ${version.spec.name} cannot start`,
    new FleetError("ARTIFACT_DIGEST", `${digest} is missing or spoilt on disk`),
  );
  return false;
}
