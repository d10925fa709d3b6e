import * as fs from "node:fs";
import { createServer } from "node:net";
import { keepProcLinks } from "./proc-links.ts";
import { runSystemctl } from "./systemctl-verbs.ts";
import { Units } from "./units.ts";

// The board's service manager: the only child of PID 1. Standard output tells the outside what happens; the end
// of standard input is the power button, which is also what is left when the process outside is killed.

const SOCKET = "/run/jetfleet-sim/manager.sock";
const STOP_ALL_DEADLINE_MS = 10_000;

const units = new Units();
keepProcLinks();
startEnabled();
serve();
process.stdin.resume().once("end", () => void powerOff("poweroff"));
process.stdin.once("error", () => process.exit(0));
tell("ready");

function startEnabled(): void {
  for (const name of units.enabled()) {
    try {
      units.load(name).start();
    } catch (error) {
      console.error(`${name}: ${String(error)}`);
    }
  }
}

function serve(): void {
  fs.rmSync(SOCKET, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let request = "";
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => (request += text));
    socket.on("error", () => undefined);
    socket.on("end", () => {
      void answer(request).then((reply) => socket.end(JSON.stringify(reply)));
    });
  });
  server.listen(SOCKET);
}

async function answer(request: string) {
  try {
    const reply = await runSystemctl(JSON.parse(request) as string[], units);
    if (reply.power) setImmediate(() => void powerOff(reply.power ?? "poweroff"));
    return reply;
  } catch (error) {
    return { code: 1, stdout: "", stderr: `${String(error)}\n` };
  }
}

async function powerOff(how: "poweroff" | "reboot"): Promise<void> {
  tell(how);
  setTimeout(() => process.exit(0), STOP_ALL_DEADLINE_MS).unref();
  await Promise.all(units.loaded().map((unit) => unit.stop()));
  process.exit(0);
}

function tell(event: "ready" | "poweroff" | "reboot"): void {
  try {
    fs.writeSync(1, `${JSON.stringify({ event })}\n`);
  } catch {
    // Nobody listens any more.
  }
}
