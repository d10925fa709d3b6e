import type { NativeSource } from "../../native/binding/api.ts";
import { type Fixture, fileSource, Run } from "./addon.ts";
import type { Outcome } from "./odd-inputs.ts";

export interface Seen {
  frames: number;
  size: string | null;
  /** Of the failure, the loss or the early end. */
  code: string | null;
  message: string | null;
  warns: string[];
}

/** Reads an input to its end, its failure or its first loss. */
export async function readInput(
  fixture: Fixture,
  source: Partial<NativeSource> & { uri: string },
  until: (run: Run) => boolean = () => false,
): Promise<Seen> {
  const run = await Run.start(
    fixture.options({ sources: [{ ...fileSource(""), ...source }], track: null }),
  );
  try {
    await run.until(
      (r) =>
        until(r) ||
        r.messages.some(
          (m) =>
            m.type === "failed" || (m.type === "source" && ["ended", "lost"].includes(m.state)),
        ),
    );
  } finally {
    await run.stop();
  }
  const errors = run.messages.flatMap((m) =>
    m.type !== "warning" && "error" in m && m.error !== null ? [m.error] : [],
  );
  const [first] = run.frames;
  return {
    frames: run.frames.length,
    size: first ? `${first.width}x${first.height}` : null,
    code: errors[0]?.code ?? null,
    message: errors[0]?.message ?? null,
    warns: run.messages.flatMap((m) => (m.type === "warning" ? [m.error.code] : [])),
  };
}

/** What is wrong with it; null when it is as expected. */
export function judge(seen: Seen, expect: Outcome): string | null {
  const code = "code" in expect ? expect.code : null;
  const warns = "warns" in expect && expect.warns !== undefined ? [expect.warns] : [];
  if (seen.warns.join() !== warns.join()) {
    return `expected the warnings [${warns.join(", ")}] but got [${seen.warns.join(", ")}]`;
  }
  if (seen.code !== code)
    return `expected ${code ?? "no error"} but got ${seen.code}: ${seen.message}`;
  if (!("frames" in expect))
    return seen.frames === 0 ? null : `expected no frame but got ${seen.frames}`;
  const [least, most] =
    typeof expect.frames === "number" ? [expect.frames, expect.frames] : expect.frames;
  if (seen.frames < least || seen.frames > most)
    return `expected ${least} to ${most} frames but got ${seen.frames}`;
  if ("size" in expect && expect.size !== undefined && seen.size !== expect.size) {
    return `expected frames of ${expect.size} but got ${seen.size}`;
  }
  return null;
}
