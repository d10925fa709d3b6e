import { spawn } from "node:child_process";
import { join } from "node:path";
import { TrialAnswer, type TrialOrder } from "../../../fleet/bench/index.ts";
import { onnxRuntime } from "../../../fleet/provision/runtime/sources.ts";
import { parseJson } from "../../../fleet/release/index.ts";
import type { Decoder } from "../../../fleet/spec/index.ts";
import type { CheckFailure } from "../check.ts";

export type Trial = { decoder: Decoder; reason: string } | { failure: CheckFailure };

/** The agent tries: nobody else loads the native runtime, and a crash of it ends that process alone. */
const AGENT = join(import.meta.dirname, "../../../agent/main.ts");
/** Of a large net on a slow processor, a few pictures take seconds. */
const DEADLINE_MS = 180_000;
/** Far above what an answer has. */
const MOST_BYTES = 1 << 20;

/** By the order's text: a program names one model for many pipelines, and a check comes before each step. */
const TRIALS = new Map<string, Promise<Trial>>();

/**
 * Tries a model on this machine by the very code that an update on a board runs (agent/trial). What a board would
 * refuse is a failure of the property that is at fault.
 */
export async function tryModel(order: TrialOrder): Promise<Trial> {
  const text = JSON.stringify(order);
  const known = TRIALS.get(text);
  if (known !== undefined) return await known;
  const trial = ask(text).then(judge, (error: unknown) => untried(String(error)));
  TRIALS.set(text, trial);
  return await trial;
}

function judge(said: string): Trial {
  const answer = TrialAnswer.safeParse(parseJson(said));
  if (!answer.success) return untried(said.slice(0, 500) || "it said nothing");
  if (answer.data.type === "tried") return answer.data;
  const { code, message } = answer.data;
  if (code !== "MODEL_INVALID") return untried(`${code}: ${message}`);
  return { failure: { property: "source", reason: message, code: "MODEL_INVALID" } };
}

function untried(why: string): Trial {
  return {
    failure: {
      property: "source",
      reason: `the model could not be tried on this machine: ${why}`,
      code: "MODEL_INVALID",
      hint: "Run `npm run setup`, which builds what tries models, then this again.",
    },
  };
}

/** What the process says; rejects with what it died of. */
function ask(order: string): Promise<string> {
  const child = spawn(process.execPath, [AGENT, "try", order], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, JETFLEET_ONNXRUNTIME: onnxRuntime(process.arch) },
    timeout: DEADLINE_MS,
    killSignal: "SIGKILL",
  });
  return new Promise((done, failed) => {
    let [out, words] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out = (out + text).slice(0, MOST_BYTES);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-500);
    });
    child.once("error", failed);
    child.once("close", (code, how) => {
      if (code === 0) return done(out);
      const end = how === null ? `with exit code ${code}` : `by ${how}`;
      failed(new Error(`the process ended ${end}${words === "" ? "" : `: ${words.trim()}`}`));
    });
  });
}
