import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KeptEvent } from "../../../fleet/hub/history-info.ts";
import { hashOfText } from "../../../fleet/journal/index.ts";
import { chainOf } from "../../fleet/journal/made.ts";
import { HubProcess, until } from "../running-hub.ts";

let hub: HubProcess;
const chain = chainOf(Array.from({ length: 30 }, (_, at) => `m${at}`));
const topic = (device: string): string => `jetfleet/v1/demo/${device}/events`;

const send = (device: string, text: string) =>
  hub.publish(device, topic(device), "-q", "1", "-m", text);

beforeAll(async () => {
  hub = await HubProcess.start();
  await hub.certify("door");
  await hub.certify("gate");
  for (const { text } of chain) expect((await send("door", text)).code).toBe(0);
}, 60_000);
afterAll(() => hub.remove());

async function all(device: string): Promise<KeptEvent[]> {
  const events: KeptEvent[] = [];
  for await (const page of hub.client().history.all({ device })) events.push(...page);
  return events.filter(({ source }) => source === "device");
}

describe("the history over HTTP", () => {
  it("gives the exact texts of what was acknowledged, also after a kill -9", async () => {
    await hub.end("SIGKILL");
    await hub.restart();
    expect((await all("door")).map(({ text }) => text)).toEqual(chain.map(({ text }) => text));
  });

  it("gives pages whose cursor goes on where the last one ended", async () => {
    const { history } = hub.client();
    const first = await history.newest({ device: "door" }, 20);
    expect(first.more).toBe(true);
    const second = await history.newest({ device: "door" }, 20, first.events.at(-1)?.id);
    expect(second.more).toBe(false);
    const seqs = [...first.events, ...second.events].map(({ text }) => hashOfText(text));
    expect(seqs).toEqual(chain.map(({ text }) => hashOfText(text)).reverse());
  });

  it("tells who follows what comes, in order, over a hub that goes and comes back", async () => {
    const { history } = hub.client();
    const { newestId } = await history.newest({}, 1);
    const stop = new AbortController();
    const links: boolean[] = [];
    const heard: string[] = [];
    const follow = (async () => {
      const onLink = (error: unknown) => links.push(error === null);
      for await (const page of history.follow({ device: "gate" }, newestId, stop.signal, onLink)) {
        heard.push(...page.map(({ text }) => text));
      }
    })();
    const events = chainOf(["a", "b"]);
    await send("gate", events[0]!.text);
    await until("the first event", () => heard.length === 1);
    await hub.end("SIGKILL");
    await until("the loss of the hub", () => links.includes(false));
    await hub.restart();
    await send("gate", events[1]!.text);
    await send("gate", events[2]!.text);
    await until("the others", () => heard.length === 3);
    stop.abort();
    await follow;
    expect(heard).toEqual(events.map(({ text }) => text));
    expect(links).toEqual([false, true]);
  });

  it("is the operator's; a device hears of itself alone", async () => {
    const status = ["--output", "/dev/null", "--write-out", "%{http_code}"];
    const ask = async (user: string | null, path: string) =>
      (await hub.curl(user, path, ...status)).stdout;
    // Without a certificate there is no answer at all.
    expect(await ask(null, "/history/events")).toBe("000");
    for (const route of ["events", "figures", "chains"]) {
      expect(await ask("door", `/history/${route}?device=door`)).toBe("200");
      expect(await ask("door", `/history/${route}?device=gate`)).toBe("403");
      expect(await ask("operator", `/history/${route}?device=gate`)).toBe("200");
    }
    expect(await ask("door", "/history/events")).toBe("403");
  });

  it.each([
    "events?device=../x",
    "events?limit=0",
    "events?limit=100000",
    "events?since=-1",
    "events?wait=3600",
    "events?unknown=1",
    "events?device=a&device=b",
    "figures",
    "figures?device=door&step=1",
    "figures?device=door&since=0&until=9000000000000",
    `chains?device=${"x".repeat(5000)}`,
  ])("refuses /history/%s with what it expected", async (route) => {
    const answer = await hub.curl("operator", `/history/${route}`, "--write-out", "%{http_code}");
    expect(answer.stdout).toContain('"code":"USAGE"');
    expect(answer.stdout).toMatch(/Expected.*400$/);
  });

  it("says how far each chain has come", async () => {
    const { chains, devices } = await hub.client().history.chains("door");
    const text = chain.at(-1)!.text;
    expect(chains).toEqual([
      {
        device: "door",
        chain: chain[0]!.chain,
        anchor: { seq: 0, hash: null, reason: "start" },
        last: { seq: 31, hash: hashOfText(text) },
        missing: [],
        breaks: {},
      },
    ]);
    expect(devices).toMatchObject([{ device: "door", events: 31, droppedEvents: 0 }]);
  });

  it("ends at once for who waits when the hub stops", async () => {
    const { newestId } = await hub.client().history.newest({}, 1);
    const waiting = hub.curl("operator", `/history/events?after=${newestId}&wait=20`);
    await hub.client().info();
    const beganMs = performance.now();
    expect(await hub.end("SIGTERM")).toBe(0);
    await waiting;
    expect(performance.now() - beganMs).toBeLessThan(4000);
    await hub.restart();
  });
});
