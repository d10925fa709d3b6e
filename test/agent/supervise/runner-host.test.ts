import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { FrameReader, packJson } from "../../../agent/supervise/host-frames.ts";
import { joined, RunnerHost } from "../../../agent/supervise/runner-host.ts";

/** The agent's two ends of the pipes that an engine passes on. */
function host() {
  const [orders, answers] = [new PassThrough(), new PassThrough()];
  let isOver = false;
  const said: string[] = [];
  const reader = new FrameReader();
  answers.on("data", (chunk: Buffer) => said.push(...reader.push(chunk).map(({ type }) => type)));
  new RunnerHost(joined(orders, answers), "/nowhere/agent.cjs", () => {
    isOver = true;
  });
  return { orders, said, isOver: () => isOver };
}

test("a host answers over one pipe what it is asked over another, and ends with its runner", async () => {
  const { orders, said, isOver } = host();
  orders.write(packJson("limits", { memoryBytes: 2 ** 30 }));
  await expect.poll(isOver).toBe(true);
  // There is no such bundle, which its runner says before it ends.
  expect(said.filter((type) => type !== "line")).toEqual(["launched", "end"]);
});

test("a host whose agent is gone is over, though the other pipe is open", async () => {
  const { orders, isOver } = host();
  orders.end();
  await expect.poll(isOver).toBe(true);
});
