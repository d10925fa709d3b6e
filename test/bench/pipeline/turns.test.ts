import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { inTurns, type Output, type Span, secondsIn } from "./turns.ts";

test.each([
  [[], 0],
  [[[0, 10]], 2],
  [[[3, 3.5]], 0.5],
  [
    [
      [1, 2.5],
      [3.5, 9],
    ],
    1,
  ],
  [
    [
      [0, 1],
      [5, 6],
    ],
    0,
  ],
] as const)("of the span from 2 to 4, %j hold %d seconds", (turns, seconds) => {
  expect(secondsIn(turns, [2, 4])).toBeCloseTo(seconds);
});

const spin = (ms: number) =>
  `const from = process.hrtime.bigint(); const cpu = process.cpuUsage();
   while (process.cpuUsage(cpu).user < ${ms * 1000});
   console.log(JSON.stringify([Number(from) / 1e9, Number(process.hrtime.bigint()) / 1e9]));`;

test("of commands that run at the same time no two have the processor in the same moment", async () => {
  const commands = [800, 500, 800].map((ms) => [process.execPath, "-e", spin(ms)] as const);
  const outputs = await inTurns(commands);
  const turns = outputs.flatMap((output) => output.turns).sort(([a], [b]) => a - b);
  expect(turns.length).toBeGreaterThan(6);
  turns.slice(1).forEach(([from], i) => expect(from).toBeGreaterThanOrEqual(turns[i]?.[1] ?? 0));
  // What it worked, and not what it waited for the others.
  [0.8, 0.5, 0.8].forEach((cpu, i) => {
    const { stdout, turns: own } = outputs[i] as Output;
    const [from, to] = JSON.parse(stdout) as Span;
    expect(secondsIn(own, [from, to])).toBeGreaterThan(cpu - 0.05);
    expect(to - from).toBeGreaterThan(secondsIn(own, [from, to]) + 0.3);
  });
});

test("a command that fails is told, and nothing of the others goes on", async () => {
  const marked = "setInterval(() => {}, 1e6) // of a failing turn";
  const commands = [
    [process.execPath, "-e", marked],
    [process.execPath, "-e", "process.exit(3)"],
  ] as const;
  await expect(inTurns(commands)).rejects.toThrow("ended with code 3");
  await expect.poll(() => spawnSync("pgrep", ["-f", "of a failing turn"]).status).toBe(1);
});
