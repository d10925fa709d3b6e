// What set-up says while it works: on a terminal one status line that is redrawn, elsewhere plain
// lines, at most one per step and half minute.

import { formatDuration } from "./plan.mjs";

const REDRAW_MS = 500;
const PLAIN_INTERVAL_MS = 30_000;

/** @typedef {{ startedAtMs: number, estimateSeconds: number, text: string, fraction: number | undefined }} Running */

export class Reporter {
  /** @param {NodeJS.WriteStream} stream */
  constructor(stream) {
    this.stream = stream;
    /** @type {Map<string, Running>} */
    this.running = new Map();
    const tick = () => (stream.isTTY ? this.redraw() : this.plain());
    this.timer = setInterval(tick, stream.isTTY ? REDRAW_MS : PLAIN_INTERVAL_MS);
    this.timer.unref();
  }

  /** @param {string} text */
  line(text) {
    this.clear();
    this.stream.write(`${text}\n`);
    if (this.stream.isTTY) this.redraw();
  }

  /**
   * @param {string} name
   * @param {number} estimateSeconds
   */
  started(name, estimateSeconds) {
    const running = {
      startedAtMs: performance.now(),
      estimateSeconds,
      text: "",
      fraction: undefined,
    };
    this.running.set(name, running);
    this.line(`  ${name}: started, about ${formatDuration(estimateSeconds)}`);
  }

  /**
   * @param {string} name
   * @param {string} text
   * @param {number} [fraction]
   */
  progress(name, text, fraction) {
    const running = this.running.get(name);
    if (running) Object.assign(running, { text, fraction });
  }

  /**
   * @param {string} name
   * @param {string} outcome
   */
  ended(name, outcome) {
    const running = this.running.get(name);
    this.running.delete(name);
    const took = running
      ? ` in ${formatDuration((performance.now() - running.startedAtMs) / 1000)}`
      : "";
    this.line(`  ${name}: ${outcome}${took}`);
  }

  close() {
    clearInterval(this.timer);
    this.clear();
  }

  clear() {
    if (this.stream.isTTY) this.stream.write("\r\u001b[K");
  }

  redraw() {
    this.clear();
    const shown = [...this.running].map(([name, running]) => describeRunning(name, running));
    // One column less, or the terminal wraps and the line cannot be cleared.
    this.stream.write(shown.join(" · ").slice(0, (this.stream.columns ?? 80) - 1));
  }

  plain() {
    for (const [name, running] of this.running) {
      this.stream.write(`  ${describeRunning(name, running)}\n`);
    }
  }
}

/**
 * @param {string} name
 * @param {Running} running
 */
export function describeRunning(
  name,
  { startedAtMs, estimateSeconds, text, fraction },
  now = performance.now(),
) {
  const elapsed = formatDuration((now - startedAtMs) / 1000);
  const share = fraction === undefined ? "" : ` ${Math.floor(fraction * 100)} %`;
  const what = text === "" ? "" : ` ${text}`;
  return `${name}:${what}${share}, ${elapsed} of about ${formatDuration(estimateSeconds)}`;
}
