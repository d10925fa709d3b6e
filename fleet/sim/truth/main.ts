import { parseArgs } from "node:util";
import { z } from "zod";
import { describeError, FleetError } from "../../errors/index.ts";
import { HubClient } from "../../hub/client/index.ts";
import { writeFileDurably } from "../../transfer/files/durable-file.ts";
import { TruthKeeper } from "./keeper.ts";
import { SceneTruth } from "./scene-truth.ts";

const USAGE =
  "usage: node fleet/sim/truth/main.ts --hub URL --identity FILE --out FILE [--seed 1] [--fps 15] " +
  "[--width 1280] [--height 720]";
const REPORT_INTERVAL_MS = 2000;

const Options = z.object({
  hub: z.url(),
  identity: z.string().min(1),
  out: z.string().min(1),
  seed: z.coerce.number().int().nonnegative().default(1),
  fps: z.coerce.number().int().min(1).max(60).default(15),
  width: z.coerce.number().int().positive().default(1280),
  height: z.coerce.number().int().positive().default(720),
});

try {
  await main(readOptions());
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}

async function main(options: z.infer<typeof Options>): Promise<void> {
  const keeper = new TruthKeeper(new SceneTruth(options), options.seed);
  const client = new HubClient({ httpUrl: options.hub, identityFile: options.identity });
  const link = await client.connectMqtt();
  await link.subscribe("+", "detections", (batch, info) => {
    keeper.add(batch, info).catch((error: unknown) => console.error(describeError(error)));
  });
  await writeReport(keeper, options.out);
  console.log(JSON.stringify({ pid: process.pid, out: options.out, seed: options.seed }));
  const timer = setInterval(() => {
    writeReport(keeper, options.out).catch((error: unknown) => console.error(describeError(error)));
  }, REPORT_INTERVAL_MS);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.once(signal, () => {
      clearInterval(timer);
      void link.close().then(() => process.exit(0));
    });
  }
}

async function writeReport(keeper: TruthKeeper, file: string): Promise<void> {
  await writeFileDurably(file, `${JSON.stringify(keeper.report(Date.now()))}\n`);
}

function readOptions(): z.infer<typeof Options> {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      options: {
        hub: text,
        identity: text,
        out: text,
        seed: text,
        fps: text,
        width: text,
        height: text,
      },
    });
    return Options.parse(values);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new FleetError("USAGE", why, { hint: USAGE });
  }
}
