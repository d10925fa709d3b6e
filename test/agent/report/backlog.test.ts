import { beforeEach, expect, it } from "vitest";
import { Backlog } from "../../../agent/report/backlog.ts";

let pings: number;
let backlog: Backlog;

beforeEach(() => {
  pings = 0;
  backlog = new Backlog(() => {
    pings += 1;
  });
});

it("asks once how far things have come, until it is answered", () => {
  for (let sent = 0; sent < 32; sent += 4) backlog.sent(4096);
  expect(pings).toBe(1);
  backlog.answered();
  backlog.sent(1);
  expect(pings).toBe(2);
});

it("is full when nothing arrives, and has room again when what was sent has arrived", () => {
  for (let kib = 0; kib < 64; kib += 1) backlog.sent(1024);
  expect(backlog.isFull).toBe(true);
  backlog.answered();
  expect(backlog.isFull).toBe(false);
});

it("is never full while everything is answered at once", async () => {
  const quick: Backlog = new Backlog(() => queueMicrotask(() => quick.answered()));
  for (let sent = 0; sent < 1000; sent += 1) {
    quick.sent(2 ** 14);
    await Promise.resolve();
    expect(quick.isFull).toBe(false);
  }
});

it("takes an answer to the client's own keep-alive for nothing", () => {
  backlog.sent(1024);
  backlog.answered();
  for (let kib = 1; kib < 64; kib += 1) backlog.sent(1024);
  expect(backlog.isFull).toBe(true);
});
