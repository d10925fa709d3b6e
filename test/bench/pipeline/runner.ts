/**
 * A process with nothing in it but our pipeline, as an agent's runner is: takes the pipeline's options as its first
 * message, writes what it finds to the pipe, and answers each further message with what it has used so far.
 */
import { readdirSync, readFileSync } from "node:fs";
import { RESULT_FD } from "../../../agent/supervise/result-pipe.ts";
import type { NativePipelineOptions } from "../../../native/binding/api.ts";
import { addon } from "../../native/addon.ts";

export interface Usage {
  /** Of the whole process. */
  cpuSeconds: number;
  /** Of the threads that bring results out, and do nothing else. */
  deliverySeconds: number;
}

/** They track, write down and hand over. */
const DELIVERING_THREAD = /^jf-(strand|publish)/;

process.once("message", (options) => {
  const started = addon.startPipeline(options as NativePipelineOptions, RESULT_FD);
  process.on("message", () => process.send?.(usage()));
  process.once("disconnect", () => void started.then((running) => running.stop()));
});

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  const delivering = readdirSync("/proc/self/task").filter((task) => {
    return DELIVERING_THREAD.test(nameOf(task));
  });
  const delivery = [String(process.pid), ...delivering].reduce((sum, at) => sum + secondsOf(at), 0);
  return { cpuSeconds: (user + system) / 1e6, deliverySeconds: delivery };
}

/** Empty for a thread that has ended: each round of a clip has threads of its own. */
function nameOf(task: string): string {
  try {
    return readFileSync(`/proc/self/task/${task}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}

function secondsOf(task: string): number {
  const [nanos] = readFileSync(`/proc/self/task/${task}/schedstat`, "utf8").split(" ");
  return Number(nanos) / 1e9;
}
