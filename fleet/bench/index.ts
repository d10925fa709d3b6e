export { layersOf } from "./layers.ts";
export {
  BENCH_DEFAULTS,
  BenchAccelerator,
  BenchAnswer,
  BenchLayer,
  BenchOrder,
  BenchReport,
  type ClockFacts,
} from "./report.ts";
export { latencyOf } from "./statistics.ts";
export { TrialAnswer, TrialOrder } from "./trial.ts";
