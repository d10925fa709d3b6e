import { describe, expect, it } from "vitest";
import { AWAY_MS, Copies } from "../../fleet/hub/broker/copies.ts";

/** Each arrival takes the connection of the one before; `!` stands for one that was kept out, `?` for what was found. */
function lifeOf(arrivals: string, stepMs = 1000): string {
  const copies = new Copies();
  let here = "";
  let nowMs = 0;
  return [...arrivals]
    .map((letter) => {
      nowMs += stepMs;
      const bootId =
        letter === letter.toLowerCase() ? `machine-b-${letter}` : `machine-a-${letter}`;
      const life = { bootId, address: letter };
      const { admitted, found } = copies.arrive("door", life, (one) => one === here, nowMs);
      if (admitted) {
        copies.left("door", here, nowMs);
        here = bootId;
      }
      return letter + (admitted ? "" : "!") + (found ? "?" : "");
    })
    .join(" ");
}

describe("boards of one identity", () => {
  it.each([
    ["one that reconnects", "AAAA", "A A A A"],
    ["one that is restarted again and again", "ABCDE", "A B C D E"],
    ["a last packet of a life that is over", "ABAC", "A B A C"],
    ["two that evict each other: the younger is kept out", "AxAxxAx", "A x A x!? x! A x!"],
    ["a copy whose agent is restarted", "AxAxyz", "A x A x!? y! z!"],
    ["the older one restarted while its copy is kept out", "AxAxBx", "A x A x!? B x!"],
    ["two of one machine, as simulated ones are, told by the life alone", "ABABC", "A B A B!? C"],
  ])("%s", (_what, arrivals, expected) => {
    expect(lifeOf(arrivals)).toBe(expected);
  });

  it("make room for the younger when the older has been away for long", () => {
    const copies = new Copies();
    const nobody = () => false;
    const arrive = (bootId: string, atMs: number) =>
      copies.arrive("door", { bootId, address: "" }, nobody, atMs).admitted;
    for (const [at, bootId] of ["m-a", "n-b", "m-a", "n-b"].entries()) arrive(bootId, at);
    expect(copies.copyOf("door", "m-a")?.copyBootId).toBe("n-b");
    expect(arrive("n-b", AWAY_MS)).toBe(false);
    expect(arrive("n-b", AWAY_MS + 10)).toBe(true);
    expect(copies.copyOf("door", "m-a")).toBeNull();
  });

  it("remember no more lives than they need", () => {
    const copies = new Copies();
    for (let n = 0; n < 10_000; n += 1) {
      const life = { bootId: `m-${n}`, address: "" };
      expect(copies.arrive("door", life, () => false, n).admitted).toBe(true);
    }
    // The very first is as new as any other by now.
    expect(copies.arrive("door", { bootId: "m-0", address: "" }, () => false, 1e6)).toEqual({
      admitted: true,
      found: null,
    });
  });
});
