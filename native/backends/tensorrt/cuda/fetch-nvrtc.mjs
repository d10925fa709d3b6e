// Puts NVRTC 12.9 into a folder: the last that compiles for the TX2 (6.2) and the Xavier (7.2), from a wheel of 89 MB. For
// machines without CUDA that compile the kernels for all boards. Says why when it cannot, and leaves nothing behind then.
//   node fetch-nvrtc.mjs FOLDER
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fetchWheel } from "../../../wheel.mjs";

const WHEEL = {
  requirement: "nvidia-cuda-nvrtc-cu12==12.9.86",
  sha256: "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4",
};

const target = resolve(process.argv[2] ?? "build/nvrtc");
if (existsSync(target)) process.exit(0);
mkdirSync(dirname(target), { recursive: true });
const work = mkdtempSync(join(dirname(target), ".nvrtc-"));
try {
  console.log(`fetching NVRTC (${WHEEL.requirement}, 89 MB)`);
  const unpacked = await fetchWheel(work, WHEEL);
  renameSync(join(unpacked, "nvidia/cuda_nvrtc/lib"), target);
} catch (error) {
  console.error(`no NVRTC: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
