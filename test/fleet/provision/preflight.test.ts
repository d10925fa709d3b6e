import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import {
  judgePreflight,
  PREFLIGHT_SCRIPT,
  packagesOf,
  requireNothingFatal,
} from "../../../fleet/provision/preflight.ts";
import { H100_LIBRARIES } from "../../boards/fixtures/pc-cards.ts";

const NOW_MS = 1_795_809_000_000;
const BASE_ELEMENTS = [
  ...["parsebin", "videoconvert", "rtspsrc", "rtph264depay", "qtdemux", "h264parse"],
];
const MOUNTS = `/dev/mmcblk0p1 / ext4 rw,relatime 0 0
tmpfs /tmp tmpfs rw,nosuid 0 0
`;
/** A Jetson with everything, as JetPack 5 comes. */
const WHOLE = {
  inspect: "/usr/bin/gst-inspect-1.0\n",
  elements: [...BASE_ELEMENTS, "avdec_h264", "nvv4l2decoder"].join("\n"),
  libraries: "libcuda.so.1\nlibgstreamer-1.0.so.0\nlibnvrtc.so.11\n",
  clock: `${NOW_MS / 1000 - 2}\n`,
  mounts: MOUNTS,
};
const XAVIER = { board: "agx-xavier", jetpack: "5.1.2", simulated: false } as const;

function judged(
  changes: Partial<Record<keyof typeof WHOLE, string>>,
  board: Parameters<typeof judgePreflight>[1] = XAVIER,
) {
  const answers = Object.entries({ ...WHOLE, ...changes }).map(
    ([name, text]) => `${name} ${Buffer.from(text).toString("base64")}`,
  );
  return judgePreflight(answers.join("\n"), board, NOW_MS);
}
const without = (...names: string[]) =>
  WHOLE.elements
    .split("\n")
    .filter((one) => !names.includes(one))
    .join("\n");

describe("what a board lacks", () => {
  test("is nothing when all is there", () => expect(judged({})).toEqual([]));

  test.each<[string, Parameters<typeof judged>[0], boolean, RegExp, string[]]>([
    [
      "all of GStreamer, as slimmed images",
      { libraries: "libcuda.so.1\nlibnvrtc.so.11\n", inspect: "", elements: "" },
      true,
      /no GStreamer/,
      [
        "gstreamer1.0-libav",
        "gstreamer1.0-plugins-bad",
        "gstreamer1.0-plugins-base",
        "gstreamer1.0-plugins-good",
      ],
    ],
    [
      "an element that every pipeline needs",
      { elements: without("h264parse") },
      true,
      /lacks h264parse/,
      ["gstreamer1.0-plugins-bad"],
    ],
    [
      "NVIDIA's decoder, as JetPack 6.0 comes",
      { elements: without("nvv4l2decoder") },
      false,
      /lacks nvv4l2decoder: video is decoded by the processor/,
      ["nvidia-l4t-gstreamer"],
    ],
    [
      "every decoder",
      { elements: without("nvv4l2decoder", "avdec_h264") },
      true,
      /no decoder of H\.264/,
      ["nvidia-l4t-gstreamer"],
    ],
    [
      "the tool that tells elements",
      { inspect: "", elements: "" },
      false,
      /is not known/,
      ["gstreamer1.0-tools"],
    ],
    [
      "NVRTC, by the CUDA of its JetPack",
      { libraries: "libcuda.so.1\nlibgstreamer-1.0.so.0\n" },
      false,
      /no libnvrtc/,
      ["cuda-nvrtc-11-4"],
    ],
    [
      "a root that can be written",
      { mounts: "/dev/mmcblk0p1 / ext4 ro,relatime 0 0\n" },
      true,
      /\/opt\/jetfleet is on a file system that is mounted read-only/,
      [],
    ],
    [
      "programs that may run from /opt",
      { mounts: `${MOUNTS}/dev/sda1 /opt ext4 rw,noexec 0 0\n` },
      true,
      /in \/opt\/jetfleet may not be run/,
      [],
    ],
    [
      "programs that may run from /tmp",
      { mounts: MOUNTS.replace("rw,nosuid", "rw,noexec") },
      false,
      /in \/tmp may not be run/,
      [],
    ],
    [
      "a disk that keeps anything",
      { mounts: "overlayroot / overlay rw 0 0\n" },
      false,
      /gone after a power cut/,
      [],
    ],
    ["the right time", { clock: "1600000000\n" }, false, /clock is \d+ min behind/, []],
  ])("may be %s", (_what, changes, isFatal, says, packages) => {
    const findings = judged(changes);
    expect(findings.map((one) => one.says).join("; ")).toMatch(says);
    expect(findings.some((one) => one.isFatal)).toBe(isFatal);
    expect(packagesOf(findings)).toEqual(packages);
    if (isFatal) {
      const refused = expect.objectContaining({ code: "BOARD_LACKS" });
      expect(() => requireNothingFatal(findings, "10.0.0.9")).toThrow(refused);
      expect(() => requireNothingFatal(findings, "10.0.0.9")).toThrow(/Nothing was changed/);
    } else requireNothingFatal(findings, "10.0.0.9");
  });

  test("is told without what only silicon has, of a simulated board", () => {
    const changes = { elements: without("nvv4l2decoder"), libraries: "libgstreamer-1.0.so.0\n" };
    expect(judged(changes, { ...XAVIER, simulated: true })).toEqual([]);
  });

  test("of a PC is what its card's models want, by library, and nothing fatal", () => {
    const pc = { board: "x86", jetpack: null, simulated: false } as const;
    const elements = without("nvv4l2decoder");
    const says = (libraries: string) =>
      judged({ elements, libraries }, pc).map((one) => [one.says, one.isFatal]);
    expect(says(H100_LIBRARIES)).toEqual([
      [expect.stringMatching(/^it has neither TensorRT/), false],
    ]);
    expect(says(`${H100_LIBRARIES}libnvinfer.so.10\n`)).toEqual([]);
    expect(says(`${H100_LIBRARIES}libtensorrt_rtx.so.1\n`)).toEqual([]);
    expect(says("libgstreamer-1.0.so.0\n")).toEqual([
      [expect.stringMatching(/no libcuda/), false],
      [expect.stringMatching(/neither TensorRT/), false],
      [expect.stringMatching(/no libnvrtc/), false],
    ]);
  });

  test("is unknown, and nothing fatal, where answers are damaged", () => {
    const damaged = { clock: "yesterday\n", mounts: "\0\0/ /\n".repeat(100_000) };
    expect(judged(damaged)).toEqual([]);
    // No answers at all: a board whose loader tells of no GStreamer.
    expect(judgePreflight("", XAVIER, NOW_MS).some((one) => one.isFatal)).toBe(true);
  });

  test("is asked of this machine with what it has, and changes nothing on it", () => {
    const home = "/nonexistent-home";
    const { stdout, stderr, status } = spawnSync("sh", ["-s"], {
      input: `set -eu\n${PREFLIGHT_SCRIPT}`,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: home, XDG_CACHE_HOME: home },
    });
    expect([stderr, status]).toEqual(["", 0]);
    const findings = judgePreflight(stdout, { ...XAVIER, simulated: true }, Date.now());
    expect(findings.filter((one) => one.isFatal)).toEqual([]);
  });
});
