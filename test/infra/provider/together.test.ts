import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Together } from "../../../infra/provider/release/together.ts";

let together: Together;
let went: string[];

beforeEach(() => {
  vi.useFakeTimers();
  together = new Together();
  went = [];
});
afterEach(() => vi.useRealTimers());

/** Begins work for a key; it becomes ready, or fails, when it is told to. */
function begin(name: string, key = "door") {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const done = together.run(key, async (ready) => {
    await promise;
    await ready();
    went.push(name);
    await ready();
  });
  return { resolve, reject, done };
}

const settle = () => vi.advanceTimersByTimeAsync(1);

describe("work that was begun for one device", () => {
  test("goes on when the last of it is ready, and not before", async () => {
    const [a, b, c] = [begin("a"), begin("b"), begin("c")];
    a.resolve();
    b.resolve();
    await settle();
    expect(went).toEqual([]);
    c.resolve();
    await Promise.all([a.done, b.done, c.done]);
    expect(went.sort()).toEqual(["a", "b", "c"]);
  });

  test("does not wait for what fails, nor for what never becomes ready", async () => {
    const [a, b, c] = [begin("a"), begin("b"), begin("c")];
    a.resolve();
    b.reject(new Error("no"));
    await expect(b.done).rejects.toThrow("no");
    await settle();
    expect(went).toEqual([]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(went).toEqual(["a"]);
    c.resolve();
    await c.done;
    expect(went).toEqual(["a", "c"]);
  });

  test("waits neither for another device's nor for anything where it is alone", async () => {
    begin("other", "yard");
    const a = begin("a");
    a.resolve();
    await a.done;
    expect(went).toEqual(["a"]);
  });
});
