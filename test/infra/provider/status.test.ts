import { expect, test } from "vitest";
import type { EngineLog } from "../../../infra/provider/rpc/engine-log.ts";
import { Operations } from "../../../infra/provider/rpc/operation.ts";

function told(hasTerminal: boolean, say: (operation: ReturnType<Operations["start"]>) => void) {
  const lines: string[] = [];
  const log: EngineLog = {
    log: (severity, _urn, message) => lines.push(`${severity}: ${message}`),
    status: (_urn, message) => lines.push(message),
    close() {},
  };
  const operations = new Operations(log, hasTerminal);
  const request = { urn: "urn", doing: "creating", timeoutSeconds: 0, defaultMs: 1000 };
  using operation = operations.start(request);
  say(operation);
  return lines;
}

const LIFE = ["fetching 1 %", "fetching 1 %", "fetching 20.5 %", "testing", "fetching 3 %"];

test.each([
  [true, ["fetching 1 %", "fetching 20.5 %", "testing", "fetching 3 %"]],
  [false, ["fetching 1 %", "testing", "fetching 3 %"]],
])(
  "with a terminal (%s) a row changes with its figures, without one a line is a state",
  (hasTerminal, lines) => {
    const life = told(hasTerminal, ({ status }) => {
      for (const message of LIFE) status(message);
    });
    expect(life).toEqual(lines);
  },
);

test.each([true, false])(
  "an attempt that failed is a warning once, terminal or not (%s)",
  (hasTerminal) => {
    const lines = told(hasTerminal, ({ retrying }) => {
      retrying("no answer in 10 s");
      retrying("no answer in 11 s");
      retrying("refused");
    });
    expect(lines.filter((line) => line.startsWith("warning"))).toEqual([
      "warning: no answer in 10 s; trying again",
      "warning: refused; trying again",
    ]);
  },
);

test("an operation whose time is up tells what it was at", async () => {
  const log: EngineLog = { log() {}, status() {}, close() {} };
  const operations = new Operations(log, false);
  const request = { urn: "urn", doing: "creating door", timeoutSeconds: 0, defaultMs: 20 };
  using operation = operations.start(request);
  operation.status("sending the runtime: 20 % of 1.7 MB");
  operation.status("sending the runtime: 40 % of 1.7 MB");
  await new Promise((resolve) => operation.signal.addEventListener("abort", resolve));
  expect(String(operation.signal.reason)).toMatch(
    /while creating door but got no further than: sending the runtime: 40 % of 1.7 MB/,
  );
});
