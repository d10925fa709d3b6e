/** Reads one model in a process of its own, so that its peak memory is the reader's alone. */
import { readFileSync } from "node:fs";
import { readModel } from "../../../fleet/plan/onnx/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";

const [path = ""] = process.argv.slice(2);
const peakKib = (): number => process.resourceUsage().maxRSS;
const before = peakKib();
const cpuBefore = process.cpuUsage();
const start = performance.now();
const bytes = readFileSync(path);
const loaded = performance.now();
const model = readModel(bytes);
const read = performance.now();
const shaped = inferShapes(model);
const done = performance.now();
const cpu = process.cpuUsage(cpuBefore);
console.log(
  JSON.stringify({
    nodes: shaped.live.length,
    fileBytes: bytes.length,
    loadMs: loaded - start,
    readMs: read - loaded,
    shapesMs: done - read,
    totalMs: done - start,
    cpuMs: (cpu.user + cpu.system) / 1e3,
    peakGrowthBytes: (peakKib() - before) * 1024,
  }),
);
