import { describe, expect, it } from "vitest";
import { readBoardFacts } from "../../../agent/board/facts.ts";
import { cpuPercentBetween, parseMeminfo } from "../../../agent/board/sampler.ts";
import { parseDf, RESERVE_BYTES, requireSpace } from "../../../agent/update/free-space.ts";
import { BoardFacts } from "../../../fleet/contract/index.ts";

describe("the figures of the board", () => {
  it("count CPU time between two readings", () => {
    expect(cpuPercentBetween({ busy: 10, total: 100 }, { busy: 35, total: 200 })).toBe(25);
    expect(cpuPercentBetween({ busy: 10, total: 100 }, { busy: 10, total: 100 })).toBeNull();
  });

  it("count memory as total less available", () => {
    const text = "MemTotal:        1000 kB\nMemFree:  10 kB\nMemAvailable:    400 kB\n";
    expect(parseMeminfo(text)).toEqual({ usedBytes: 600 * 1024, totalBytes: 1000 * 1024 });
    expect(parseMeminfo("MemTotal: 5 kB\n")).toBeNull();
  });

  it("read free disk from df, whatever the length of the device's name", () => {
    const head = "Filesystem 1024-blocks Used Available Capacity Mounted on\n";
    expect(parseDf(`${head}/dev/mmcblk0p1 28768292 20000000 7283912 74% /\n`)).toBe(7458725888);
    expect(parseDf("df: no such thing")).toBeNull();
  });

  it("name the exact shortfall when the disk is short", () => {
    const short = () => requireSpace(1000, RESERVE_BYTES + 400);
    expect(short).toThrow(expect.objectContaining({ code: "BOARD_DISK_FULL" }));
    expect(short).toThrow(/600 bytes are missing/);
    expect(requireSpace(1000, RESERVE_BYTES + 1000)).toBeUndefined();
    expect(requireSpace(1000, null)).toBeUndefined();
  });

  it("are facts of the contract even on a machine that is no Jetson", async () => {
    const facts = await readBoardFacts();
    expect(BoardFacts.parse(facts)).toEqual(facts);
    expect(facts.node).toBe(process.version);
  });
});
