import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ownIdentity } from "./identity.ts";
import { Machine } from "./machine.ts";
import { activePowerMode } from "./power-mode.ts";
import { formatTegrastats } from "./tegrastats-format.ts";

// tegrastats of a simulated board: CPU and memory are the machine's own; what has no sensor here is said so in
// /etc/jetfleet-simulated.

const { values } = parseArgs({
  options: {
    interval: { type: "string", default: "1000" },
    logfile: { type: "string" },
    help: { type: "boolean" },
    // The real tool can also run as a daemon; a line for a line is all anyone needs here.
  },
});
if (values.help) {
  console.log("Usage: tegrastats [--interval <millisec>] [--logfile <filename>]   (simulated)");
  process.exit(0);
}
const { board, l4t } = ownIdentity();
const machine = new Machine();
process.stdout.on("error", () => process.exit(0));
setInterval(
  () => {
    const line = formatTegrastats({
      board,
      l4t,
      mode: activePowerMode(),
      load: machine.sample(),
      now: new Date(),
    });
    if (values.logfile === undefined) console.log(line);
    else appendFileSync(values.logfile, `${line}\n`);
  },
  Math.max(10, Number(values.interval)),
);
