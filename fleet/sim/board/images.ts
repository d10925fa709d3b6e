import { z } from "zod";

/** The boards that are played, with all their tools. */
export const PlayedBoard = z.enum(["tx2", "agx-xavier", "x86"]);
export type PlayedBoard = z.infer<typeof PlayedBoard>;
/** Those that have NVIDIA's tools for boards; `x86` is a PC with a card. */
export type PlayedJetson = Exclude<PlayedBoard, "x86">;

/** The software a simulated board says it was flashed with. */
export interface Image {
  /** First line of /etc/nv_tegra_release, as captured from units; null of a PC. */
  tegraRelease: string | null;
  l4t: string | null;
  /** Debian packages that dpkg-query knows, with their versions in that JetPack. */
  packages: Readonly<Record<string, string>>;
}

// Release lines and package versions as found in issue dumps of units and in NVIDIA's apt repositories for
// t186 r32.7 and t194 r35.4.
export const IMAGES: Readonly<Record<PlayedBoard, Image>> = {
  tx2: {
    tegraRelease:
      "# R32 (release), REVISION: 7.1, GCID: 29689809, BOARD: t186ref, EABI: aarch64, DATE: Wed Feb  2 21:33:23 UTC 2022",
    l4t: "32.7.1",
    packages: {
      "nvidia-l4t-core": "32.7.1-20220219090432",
      "nvidia-jetpack": "4.6.1-b110",
      libnvinfer8: "8.2.1-1+cuda10.2",
      "libnvinfer-plugin8": "8.2.1-1+cuda10.2",
      libnvonnxparsers8: "8.2.1-1+cuda10.2",
      "libnvinfer-bin": "8.2.1-1+cuda10.2",
      libcudnn8: "8.2.1.32-1+cuda10.2",
    },
  },
  "agx-xavier": {
    tegraRelease:
      "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, EABI: aarch64, DATE: Tue Aug  1 19:57:35 UTC 2023",
    l4t: "35.4.1",
    packages: {
      "nvidia-l4t-core": "35.4.1-20230801124926",
      "nvidia-jetpack": "5.1.2-b104",
      libnvinfer8: "8.5.2-1+cuda11.4",
      "libnvinfer-plugin8": "8.5.2-1+cuda11.4",
      libnvonnxparsers8: "8.5.2-1+cuda11.4",
      "libnvinfer-bin": "8.5.2-1+cuda11.4",
      libcudnn8: "8.6.0.166-1+cuda11.4",
    },
  },
  x86: { tegraRelease: null, l4t: null, packages: {} },
};

export const SIMULATED_NOTE = "/etc/jetfleet-simulated";
