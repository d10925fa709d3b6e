import { readFile } from "node:fs/promises";
import { text as textOf } from "node:stream/consumers";
import { z } from "zod";
import { PLAN_DIFFERS, PlanDiffersData } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import type { Observation } from "../../fleet/plan/index.ts";
import { parseJson } from "../../fleet/release/index.ts";

const Line = z.object({ device: z.string(), kind: z.string(), data: z.unknown() });

/**
 * What `jetfleet events --kind plan-differs --json` printed, of a file or, as "-", of standard input; events of other
 * kinds do not matter. Throws USAGE for what it did not print: a plan must not look as if nobody had contradicted it.
 */
export async function readObserved(path: string): Promise<Observation[]> {
  const text = await (path === "-" ? textOf(process.stdin) : readFile(path, "utf8")).catch(
    (cause: unknown) => {
      throw new FleetError("USAGE", `Cannot read ${path}`, { cause });
    },
  );
  return text.split("\n").flatMap((line, at): Observation[] => {
    if (line.trim() === "") return [];
    const { data: event } = Line.safeParse(parseJson(line));
    if (event === undefined) throw refused(path, at + 1);
    if (event.kind !== PLAN_DIFFERS) return [];
    const { data } = PlanDiffersData.safeParse(event.data);
    if (data === undefined) throw refused(path, at + 1);
    return [{ device: event.device, data }];
  });
}

function refused(path: string, line: number): FleetError {
  return new FleetError("USAGE", `Expected an event in line ${line} of ${path} but got none`, {
    hint: "Give what `jetfleet events --kind plan-differs --since 30d --json` prints.",
  });
}
