import { PREFLIGHT_SCRIPT } from "../../../../fleet/provision/preflight.ts";
import { SCRIPT as PROBE_SCRIPT } from "../../../../fleet/provision/probe.ts";
import type { SimulatedBoard } from "../../../../fleet/sim/board/index.ts";

/** What a board without an agent says of itself. */
export interface Recorded {
  probe: string;
  preflight: string;
}

/** Asks a simulated board what the light ones are to say. */
export async function recordAnswers(board: SimulatedBoard): Promise<Recorded> {
  const ask = async (script: string) =>
    (await board.exec(`sh -s <<'ASKED'\n${script}\nASKED`)).stdout;
  return { probe: await ask(PROBE_SCRIPT), preflight: await ask(PREFLIGHT_SCRIPT) };
}

/** What a script of the provider's wants of a board. */
export type Wish =
  | { wants: "answer"; text: string }
  | { wants: "certificate-request" }
  | { wants: "certificate"; text: string }
  | { wants: "start" };

/** By what only that script has in it. Null for one that nobody knows. */
export function wishOf(script: string, recorded: Recorded): Wish | null {
  const has = (text: string) => script.includes(text);
  if (has(PROBE_SCRIPT)) return { wants: "answer", text: recorded.probe };
  if (has(PREFLIGHT_SCRIPT)) return { wants: "answer", text: recorded.preflight };
  if (has("request-certificate")) return { wants: "certificate-request" };
  const [, certificate] = /<<'JETFLEET_CERTIFICATE'\n(.*)\n/.exec(script) ?? [];
  if (certificate !== undefined) return { wants: "certificate", text: certificate };
  if (has("systemctl restart jetfleet-agent")) return { wants: "start" };
  const isTaken = ["owner.json", "JETFLEET_SUMS", "staging", "JETFLEET_FILE", "systemctl enable"];
  if (isTaken.some(has)) return { wants: "answer", text: "" };
  if (has("NRestarts")) return { wants: "answer", text: "NRestarts=0\n" };
  return has("reverted") ? { wants: "answer", text: "" } : null;
}
