import { pad } from "../render/columns.ts";
import { KEYS } from "./keys.ts";
import { type Line, line, page, rule, type Size } from "./lines.ts";

export function helpScreen(size: Size): Line[] {
  const keys = KEYS.map(({ shown, meaning }) => line(`  ${pad(shown, 10)}${meaning}`));
  const words = [
    "  offline   the device's connection has ended",
    "  silent    connected, but no figures for five seconds",
    "  unknown   it never reported, or our own link to the hub is down",
    "  capture   latency counts from the camera's clock; arrival: from the network",
    "  wait      time in the queue before a stage; work: time in the stage itself",
    "  !         out of the pipeline's budget for ten seconds",
    "  ▁▅█·      the last hour, a minute a column; ·: no figures in that minute",
    "  plan      estimate for TensorRT on the board's silicon; inference: detect",
    "  prec/rec  precision and recall against what the simulated camera showed",
    "  update    fetching, verifying, testing, swapping, watching, committed",
    "  rolled-back: undone as a whole; partly-applied: some pipelines are undone",
  ];
  const text = [
    line("Keys", "strong"),
    ...keys,
    line(""),
    line("Words", "strong"),
    ...words.map((one) => line(one)),
  ];
  return page(text, [rule(size.width), line("any key goes back", "faint")], size);
}
