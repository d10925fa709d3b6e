/** `node child.ts pipeline|infer MODEL CLIP`: measures one contender and prints its figures as JSON. */
import { addon, COCO, fileSource, model } from "../../native/addon.ts";
import type { Figures } from "./contenders.ts";

const INFERENCES = 200;
const [contender, modelPath = "", clip = ""] = process.argv.slice(2);
const nano = model(modelPath, { labels: COCO });

async function infer(): Promise<Figures> {
  const { wallMs, cpuMs } = await addon.measureInference(nano, INFERENCES);
  const totalMs = wallMs.reduce((sum, one) => sum + one, 0);
  return {
    fps: (INFERENCES * 1000) / totalMs,
    cpuMsPerFrame: cpuMs / INFERENCES,
    peakRssMb: peakRssMb(),
  };
}

async function pipeline(): Promise<Figures> {
  let frames = 0;
  let startMs = 0;
  let cpuBefore = process.cpuUsage();
  const ended = Promise.withResolvers<void>();
  const running = await addon.startPipeline(
    {
      name: "bench",
      source: fileSource(clip),
      model: nano,
      track: { algorithm: "bytetrack" },
      statsIntervalMs: 1000,
      batchMs: 100,
    },
    (message) => {
      if (message.type === "frames") frames += message.frames;
      if (message.type === "failed") ended.reject(new Error(message.error.message));
      if (message.type !== "source") return;
      if (message.state === "playing") {
        startMs = performance.now();
        cpuBefore = process.cpuUsage();
      }
      if (message.state === "ended") ended.resolve();
    },
  );
  await ended.promise;
  const seconds = (performance.now() - startMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  await running.stop();
  return {
    fps: frames / seconds,
    cpuMsPerFrame: (cpu.user + cpu.system) / 1000 / frames,
    peakRssMb: peakRssMb(),
  };
}

function peakRssMb(): number {
  return process.resourceUsage().maxRSS / 1024;
}

console.log(JSON.stringify(await (contender === "infer" ? infer() : pipeline())));
