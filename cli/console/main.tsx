import { render } from "ink";
import { App } from "./app.tsx";
import { type ViewSource, ViewStore } from "./view-store.ts";

/** Shows the console until the user leaves or `signal` fires. */
export async function runConsole(source: ViewSource, signal: AbortSignal): Promise<void> {
  const store = new ViewStore(source);
  const app = render(<App store={store} />, {
    alternateScreen: true,
    incrementalRendering: true,
    maxFps: 15,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const stop = (): void => app.unmount();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await app.waitUntilExit();
  } finally {
    signal.removeEventListener("abort", stop);
    store.close();
  }
}
