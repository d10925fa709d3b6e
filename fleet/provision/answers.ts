/** Functions of a script that asks: `file NAME PATH` and `say NAME COMMAND…`, each a line of what `parseAnswers` reads. */
export const SAY = `
file() { printf '%s ' "$1"; if [ -r "$2" ]; then base64 < "$2" | tr -d '\\n'; else printf -- -; fi; echo; }
say() { name=$1; shift; printf '%s ' "$name"; { "$@" 2>/dev/null || true; } | base64 | tr -d '\\n'; echo; }`;

/** By name; null for a file that cannot be read. */
export function parseAnswers(output: string): Map<string, string | null> {
  const answers = new Map<string, string | null>();
  for (const line of output.split("\n")) {
    const [name, text] = line.split(" ");
    if (!name || text === undefined) continue;
    answers.set(name, text === "-" ? null : Buffer.from(text, "base64").toString("utf8"));
  }
  return answers;
}
