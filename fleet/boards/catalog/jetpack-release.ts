import type { Fact, SourceKey } from "./sourced.ts";

/** One row of the JetPack matrix: versions that ship together. `null` where the release has no such part. */
export interface JetpackRelease {
  /** JetPack versions of the row, oldest first. */
  versions: readonly string[];
  l4t: readonly string[];
  kernel: string;
  ubuntu: string;
  glibc: string | null;
  gcc: string | null;
  cuda: string;
  cudnn: string;
  tensorrt: string;
  /** What another source says of it. */
  tensorrtElsewhere?: Fact<string>;
  deepstream: string;
  deepstreamSource: SourceKey;
  /** SoCs that had this DeepStream, where not all of the release's. */
  deepstreamSocs?: readonly string[];
  gstreamer: string;
  /** VPI of the oldest and of the newest version of the row, or of all; null where there is none. */
  vpi: readonly string[] | null;
  /** VisionWorks ended with JetPack 4. */
  visionworks: string | null;
  /** Module families of this release, by SoC; single modules that join or leave are in `modules.ts`. */
  socs: readonly string[];
}

type Row = Omit<JetpackRelease, "versions" | "l4t" | "deepstreamSource"> & {
  /** JetPack version by L4T version; where jetson_stats names two for one, the newer. */
  l4t: Readonly<Record<string, string>>;
  deepstreamSource?: SourceKey;
};

function release({ l4t, ...row }: Row): JetpackRelease {
  const versions = new Map(Object.entries(l4t));
  for (const [one, version] of versions) JETPACK_BY_L4T.set(one, version);
  return {
    deepstreamSource: "relnotes",
    ...row,
    versions: [...new Set(versions.values())],
    l4t: [...versions.keys()],
  };
}

/** Filled by the rows; these two releases are known by their version only. */
const JETPACK_BY_L4T = new Map([
  ["28.4", "3.3.3"],
  ["31.1", "4.1.1"],
]);

const R28 = { kernel: "4.4", ubuntu: "16.04", gcc: "5.4", gstreamer: "1.8", visionworks: "1.6" };
const R32 = { kernel: "4.9", ubuntu: "18.04", glibc: "2.27", gcc: "7", visionworks: "1.6" };
const R35 = {
  kernel: "5.10",
  ubuntu: "20.04",
  glibc: "2.31",
  gcc: "9",
  gstreamer: "1.16",
  visionworks: null,
};
const R36 = {
  kernel: "5.15",
  ubuntu: "22.04",
  glibc: "2.35",
  gcc: "11",
  gstreamer: "1.20",
  visionworks: null,
};
const R38 = { kernel: "6.8.12", ubuntu: "24.04", glibc: "2.39", gcc: "13", visionworks: null };
const JP4_SOCS = ["t210", "t186", "t194"];

// Sources: recipe names of meta-tegra branches, NVIDIA's release notes, jetson_stats NVIDIA_JETPACK, the package
// lists of jetpack-nixos. gcc, glibc other than 2.27, GStreamer other than 1.14 and 1.24.2, VisionWorks and the
// DeepStream of rows marked `general` are common knowledge.
export const JETPACK_RELEASES: readonly JetpackRelease[] = [
  release({
    ...R28,
    l4t: { "28.2": "3.2" },
    glibc: "2.23",
    cuda: "9.0.252",
    cudnn: "7.0.5",
    tensorrt: "3.0.4",
    tensorrtElsewhere: { value: "4", source: "notes" },
    deepstream: "1.5",
    vpi: null,
    socs: ["t210", "t186"],
  }),
  release({
    ...R28,
    l4t: { "28.2.1": "3.3" },
    glibc: null,
    cuda: "9.0.252",
    cudnn: "7.1.5",
    tensorrt: "4.0",
    deepstream: "1.5",
    deepstreamSource: "general",
    vpi: null,
    socs: ["t210", "t186"],
  }),
  release({
    ...R32,
    l4t: { "32.1": "4.2" },
    cuda: "10.0.166",
    cudnn: "7.3.1.28",
    tensorrt: "5.0.6",
    deepstream: "3.0",
    deepstreamSource: "general",
    deepstreamSocs: ["t194"],
    gstreamer: "1.14",
    vpi: null,
    socs: JP4_SOCS,
  }),
  release({
    ...R32,
    l4t: { "32.2": "4.2.1", "32.2.1": "4.2.2", "32.2.3": "4.2.3" },
    cuda: "10.0.326",
    cudnn: "7.5.0.56",
    tensorrt: "5.1.6",
    deepstream: "4.0",
    deepstreamSource: "general",
    gstreamer: "1.14",
    vpi: null,
    socs: JP4_SOCS,
  }),
  release({
    ...R32,
    l4t: { "32.3.1": "4.3" },
    cuda: "10.0.326",
    cudnn: "7.6.3.28",
    tensorrt: "6.0.1",
    deepstream: "4.0.2",
    gstreamer: "1.14",
    vpi: ["0.1"],
    socs: JP4_SOCS,
  }),
  release({
    ...R32,
    l4t: { "32.4.3": "4.4", "32.4.4": "4.4.1" },
    cuda: "10.2.89",
    cudnn: "8.0.0.180",
    tensorrt: "7.1.3",
    deepstream: "5.0",
    gstreamer: "1.14",
    vpi: ["0.3", "0.4"],
    socs: JP4_SOCS,
  }),
  release({
    ...R32,
    l4t: { "32.5": "4.5", "32.5.1": "4.5.1", "32.5.2": "4.5.1" },
    cuda: "10.2.89",
    cudnn: "8.0.0.180",
    tensorrt: "7.1.3",
    deepstream: "5.1",
    gstreamer: "1.14.5",
    vpi: ["1.0.12", "1.0.15"],
    socs: JP4_SOCS,
  }),
  release({
    ...R32,
    l4t: { "32.6.1": "4.6" },
    cuda: "10.2.300",
    cudnn: "8.2.1.32",
    tensorrt: "8.0.1",
    deepstream: "6.0",
    gstreamer: "1.14.5",
    vpi: ["1.1"],
    socs: JP4_SOCS,
  }),
  release({
    ...R32,
    l4t: {
      "32.7.1": "4.6.1",
      "32.7.2": "4.6.2",
      "32.7.3": "4.6.3",
      "32.7.4": "4.6.4",
      "32.7.5": "4.6.5",
      "32.7.6": "4.6.6",
    },
    cuda: "10.2.300",
    cudnn: "8.2.1.32",
    tensorrt: "8.2.1",
    deepstream: "6.0.1",
    gstreamer: "1.14.5",
    vpi: ["1.2.3"],
    socs: JP4_SOCS,
  }),
  release({
    ...R35,
    l4t: { "34.1": "5.0 DP", "34.1.1": "5.0.1 DP" },
    cuda: "11.4",
    cudnn: "8.3.2",
    tensorrt: "8.4.0",
    deepstream: "6.1",
    deepstreamSource: "general",
    vpi: ["2.0"],
    socs: ["t194", "t234"],
  }),
  release({
    ...R35,
    l4t: { "35.1": "5.0.2" },
    cuda: "11.4",
    cudnn: "8.4.1.50",
    tensorrt: "8.4.1",
    deepstream: "6.1.1",
    vpi: ["2.1.6"],
    socs: ["t194", "t234"],
  }),
  release({
    ...R35,
    l4t: { "35.2.1": "5.1", "35.3.1": "5.1.1" },
    cuda: "11.4.298",
    cudnn: "8.6.0.166",
    tensorrt: "8.5.2",
    deepstream: "6.2",
    vpi: ["2.2.4", "2.2.6"],
    socs: ["t194", "t234"],
  }),
  release({
    ...R35,
    l4t: {
      "35.4.1": "5.1.2",
      "35.5": "5.1.3",
      "35.6": "5.1.4",
      "35.6.1": "5.1.5",
      "35.6.2": "5.1.5",
      "35.6.3": "5.1.5",
      "35.6.4": "5.1.6",
    },
    cuda: "11.4.298",
    cudnn: "8.6.0.166",
    tensorrt: "8.5.2",
    deepstream: "6.3",
    vpi: ["2.3.9", "2.4.8"],
    socs: ["t194", "t234"],
  }),
  release({
    ...R36,
    l4t: { "36.2": "6.0 DP" },
    cuda: "12.2",
    cudnn: "8.9.4.25",
    tensorrt: "8.6.2",
    deepstream: "6.4",
    vpi: ["3.0"],
    socs: ["t234"],
  }),
  release({
    ...R36,
    l4t: { "36.3": "6.0" },
    cuda: "12.2",
    cudnn: "8.9.4.25",
    tensorrt: "8.6.2",
    deepstream: "7.0",
    vpi: ["3.1.5"],
    socs: ["t234"],
  }),
  release({
    ...R36,
    l4t: {
      "36.4": "6.1",
      "36.4.2": "6.1",
      "36.4.3": "6.2",
      "36.4.4": "6.2.1",
      "36.4.7": "6.2.1",
      "36.5": "6.2.2",
    },
    cuda: "12.6.68",
    cudnn: "9.3.0.75",
    tensorrt: "10.3.0",
    deepstream: "7.1",
    vpi: ["3.2.4"],
    socs: ["t234"],
  }),
  release({
    ...R38,
    l4t: { "38.2": "7.0", "38.2.1": "7.0", "38.2.2": "7.0", "38.4": "7.1" },
    cuda: "13.0.48",
    cudnn: "9.12.0.46",
    tensorrt: "10.13.3",
    deepstream: "8.0",
    deepstreamSource: "general",
    gstreamer: "1.24",
    vpi: ["4.0"],
    socs: ["t264"],
  }),
  release({
    ...R38,
    l4t: { "39.0": "7.2 EA", "39.2": "7.2" },
    cuda: "13.2",
    cudnn: "9.20.0.46",
    tensorrt: "10.16.2",
    deepstream: "9.0",
    gstreamer: "1.24.2",
    vpi: ["4.1.3"],
    socs: ["t234", "t264"],
  }),
];

/** The JetPack version of an L4T version such as `32.7.1`, or null when the table does not know it. */
export function jetpackOfL4t(l4t: string): string | null {
  return JETPACK_BY_L4T.get(l4t) ?? JETPACK_BY_L4T.get(l4t.replace(/\.0$/, "")) ?? null;
}

/** The row of a JetPack version such as `4.6.1`, or null when the table does not know it. */
export function jetpackRelease(version: string): JetpackRelease | null {
  return JETPACK_RELEASES.find(({ versions }) => versions.includes(version)) ?? null;
}

/** Releases in which the DLA of a chip cannot be used although the chip has one. */
export function dlaEnded(version: string): boolean {
  // The DLA compiler package is gone from R39; the headers still declare the API, so only the board settles it.
  return jetpackRelease(version)?.l4t.some((l4t) => Number(l4t.split(".")[0]) >= 39) ?? false;
}
