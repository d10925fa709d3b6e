import { afterEach, beforeEach } from "vitest";
import type { FleetEvent, Reported } from "../../../fleet/contract/index.ts";
import { deployTo, runningAt, type Wanted } from "./deploying.ts";
import { AgentWorld } from "./world.ts";

/** Opens a world for each test of a file, and what most tests do in it. */
export function worldForEach(keep: (world: AgentWorld) => void) {
  let world: AgentWorld;
  beforeEach(async () => {
    world = await AgentWorld.create();
    keep(world);
  });
  afterEach(async () => {
    await world.destroy();
  });
  return {
    deploy: (generation: number, ...wanted: Wanted[]): Promise<string[]> =>
      deployTo(world, generation, ...wanted),
    running: (generation: number, from = 0): Promise<Reported> =>
      runningAt(world, generation, from),
    /** The first of its kind. */
    eventOf: (kind: string): Promise<FleetEvent> =>
      world.broker.waitFor<FleetEvent>("/events", (event) => event.kind === kind),
    /** Messages that came so far. */
    now: (): number => world.broker.received.length,
  };
}
