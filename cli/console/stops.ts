/**
 * Keeps the screen whole over a stop from outside (`kill -TSTP`, `kill -STOP`) and `fg`: meanwhile the shell sets the
 * terminal as it likes and others write on it. Returns what ends the watching.
 */
export function keepScreenOverStops(
  suspendTerminal: (callback: () => void) => Promise<void>,
): () => void {
  let isSuspended = false;
  const suspend = (meanwhile: () => void): void => {
    if (isSuspended) return;
    isSuspended = true;
    // A terminal that cannot be had back is gone, and its end ends the console.
    suspendTerminal(meanwhile)
      .catch(() => {})
      .finally(() => {
        isSuspended = false;
      });
  };
  // Giving the terminal back first, then stopping as everybody expects of this signal.
  const onStop = (): void => suspend(() => void process.kill(process.pid, "SIGSTOP"));
  // After a stop that nobody can hear, taking the terminal anew is all there is to do.
  const onGoOn = (): void => suspend(() => {});
  process.on("SIGTSTP", onStop);
  process.on("SIGCONT", onGoOn);
  return () => {
    process.off("SIGTSTP", onStop);
    process.off("SIGCONT", onGoOn);
  };
}
