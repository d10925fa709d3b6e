/** In a thread of its own: loads the module of `--hook`, and calls it for each frame in turn. */
import { parentPort, workerData } from "node:worker_threads";
import type { DetectedFrame } from "../../fleet/contract/index.ts";
import type { FromHook } from "./run-hook.ts";

const tell = (message: FromHook): void => parentPort?.postMessage(message);
const said = (error: unknown): string => String(error instanceof Error ? error.message : error);

try {
  const hook: unknown = ((await import(String(workerData))) as { default?: unknown }).default;
  if (typeof hook !== "function") throw new Error(`its default export is ${typeof hook}`);
  // One after the other: the next is not begun before the promise of the one before is settled.
  let last = Promise.resolve();
  parentPort?.on("message", (frame: DetectedFrame) => {
    last = last.then(() => call(hook as Hook, frame));
  });
  tell({ type: "loaded" });
} catch (error) {
  tell({ type: "unusable", why: said(error) });
}

type Hook = (frame: DetectedFrame) => unknown;

async function call(hook: Hook, frame: DetectedFrame): Promise<void> {
  const startedMs = performance.now();
  let error: string | null = null;
  try {
    await hook(frame);
  } catch (thrown) {
    error = said(thrown);
  }
  tell({ type: "called", tookMs: performance.now() - startedMs, error });
}
