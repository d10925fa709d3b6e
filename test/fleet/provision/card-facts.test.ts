import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { parseAnswers, SAY } from "../../../fleet/provision/answers.ts";
import { READ_CARD, tellCardFacts } from "../../../fleet/provision/card-facts.ts";

/** Captured on a PC with an H200, driver 580.159.04. */
const HEAD = `Sat Nov 28 07:21:25 2026       
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 580.159.04             Driver Version: 580.159.04     CUDA Version: 13.0     |
+-----------------------------------------+------------------------+----------------------+
`;
const NVRM =
  "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (nixbld@)  \n";
/** As drivers with NVIDIA's own kernel module have it. */
const CLOSED =
  "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.63.01  Tue Aug  3 20:44:16 UTC 2021\n";

function told(answers: Record<string, string>, board = "x86") {
  return tellCardFacts((name) => answers[name] ?? null, board);
}

describe("what the probe tells of a PC's card", () => {
  test("is its driver, what that runs, and the libraries that the loader finds", () => {
    const cardLibraries =
      "/usr/lib/x86_64-linux-gnu/libnvinfer.so.10.13.3\n/opt/rtx/lib/libtensorrt_rtx.so.1.1.1\n";
    const slots = "0000:00:06.0 0x2335\n";
    expect(told({ smi: HEAD, cardDriver: NVRM, cardLibraries, slots })).toEqual({
      driver: "580.159.04",
      cuda: "13.0",
      cardTrouble: null,
      cardTensorrt: "10.13.3",
      tensorrtRtx: "1.1.1",
      slots: ["10de:2335 at 0000:00:06.0"],
    });
    expect(told({ smi: HEAD, cardDriver: CLOSED }).driver).toBe("470.63.01");
    expect(told({ smi: HEAD }).driver).toBe("580.159.04");
  });

  test.each([
    [
      "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.126",
      "version-mismatch",
    ],
    ["NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.", "no-library"],
    ["No devices were found", "no-cards"],
    ["Unable to determine the device handle for GPU0000:01:00.0: Unknown Error", "card-lost"],
    ["absent", "no-tool"],
    ["", "no-tool"],
    ["silent", "hangs"],
    ["Segmentation fault", "unreadable"],
  ])("is what keeps it from being used: %j", (smi, kind) => {
    const facts = told({ smi, cardDriver: NVRM });
    expect(facts.cardTrouble?.kind).toBe(kind);
    expect([facts.driver, facts.cuda]).toEqual(["580.159.04", null]);
  });

  test("is nothing of a Jetson, and bears damaged answers", () => {
    const nothing = { driver: null, cuda: null, cardTrouble: null, tensorrtRtx: null };
    expect(told({ smi: HEAD }, "tx2")).toMatchObject(nothing);
    const damaged = {
      smi: "\0".repeat(1e5),
      cardDriver: "Module  1.2",
      slots: "x\n0x\n".repeat(1e4),
    };
    expect(told(damaged)).toMatchObject({ driver: "1.2", slots: [] });
  });
});

describe("the question for it", () => {
  const folder = mkdtempSync(join(tmpdir(), "jetfleet-smi-"));
  afterEach(() => rmSync(join(folder, "nvidia-smi"), { force: true }));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function asked(script: string | null) {
    if (script !== null)
      writeFileSync(join(folder, "nvidia-smi"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const text = READ_CARD.replace("if [ -d /proc/driver/nvidia ]", "if true").replace(
      /-lt 100/,
      "-lt 5",
    );
    expect(text).toContain("-lt 5 ");
    const { stdout, stderr, status } = spawnSync("sh", ["-s"], {
      input: `set -eu\n${SAY}\n${text}`,
      encoding: "utf8",
      timeout: 20_000,
      env: { PATH: `${folder}:/usr/bin:/bin` },
    });
    expect([stderr, status]).toEqual(["", 0]);
    return parseAnswers(stdout).get("smi") ?? null;
  }

  test("takes what it says on either stream, whatever it ends with", () => {
    expect(asked("echo out; echo err >&2; exit 18")).toBe("out\nerr\n");
    expect(asked("head -c 1000000 /dev/zero | tr '\\0' x")).toHaveLength(4000);
  });

  test("says that there is none", () => {
    expect(asked(null)).toBe("absent\n");
  });

  test("does not wait for one that hangs, nor for what holds its output", () => {
    const startMs = performance.now();
    expect(asked("exec sleep 60")).toBe("silent\n");
    expect(performance.now() - startMs).toBeLessThan(15_000);
  });
});
