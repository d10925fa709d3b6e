import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { CONTAINER_PIECE_PATH } from "../../../fleet/provision/layout.ts";
import { unitFiles } from "../../../fleet/provision/runtime/index.ts";

const image = `a.io/b@sha256:${"0".repeat(64)}`;
const folder = mkdtempSync(join(tmpdir(), "jetfleet-piece-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Stand-ins of what the launcher calls: an engine that prints its order, and accounts. */
function tool(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
}
tool("id", 'case "$2" in jetfleet) echo 901 ;; *) echo 902 ;; esac');
tool(
  "getent",
  'case "$2" in video) echo video:x:44: ;; jetfleet) echo j:x:801: ;; *) echo r:x:802: ;; esac',
);

function ordered(runtime: "docker" | "podman", args: readonly string[], owner = "") {
  tool(
    runtime,
    `case "$1 $2" in
'container inspect') [ -n "${owner}" ] || exit 1; echo "${owner}" ;;
'rm --force') echo "removed $3" >&2 ;;
*) printf '%s\\n' "$@" ;;
esac`,
  );
  const text = unitFiles({ runtime, image })[CONTAINER_PIECE_PATH] ?? "";
  const script = text.replace(/^PATH=/m, `PATH=${folder}:`);
  const { stdout, stderr, status } = spawnSync("sh", ["-s", ...args], {
    input: script,
    encoding: "utf8",
  });
  return { words: stdout.trimEnd().split("\n"), stderr, status };
}
/** Values of an option that is given several times. */
const values = (words: string[], option: string) =>
  words.flatMap((word, index) => (word === option ? [words[index + 1] ?? ""] : []));

describe.each(["docker", "podman"] as const)("the launcher of %s", (runtime) => {
  test.each([["agent"], ["runner", "3-1-9"], ["trial"]])(
    "gives %s %s no right that it can do without",
    (...args) => {
      const { words, status } = ordered(runtime, args);
      expect(status).toBe(0);
      expect(words.join(" ")).toMatch(/^run --rm --pull never --network host --read-only /);
      expect(words).not.toContain("--privileged");
      expect(values(words, "--cap-drop")).toEqual(["ALL"]);
      expect(values(words, "--security-opt")).toContain("no-new-privileges");
      expect(values(words, "--user")[0]).toMatch(/^90[12]:802$/);
      expect(values(words, "--memory")[0]).toMatch(/^\d+[kg]$/);
      expect(values(words, "--log-driver")).toEqual(["none"]);
      expect(values(words, "--name")).toEqual([`jetfleet-${args.join("-")}`]);
    },
  );

  test("gives the agent its folder and no card, and a runner the cards and no folder to write to", () => {
    const cards = ["--gpus", "--device"];
    const agent = ordered(runtime, ["agent"]).words;
    expect(cards.flatMap((one) => values(agent, one))).toEqual([]);
    expect(values(agent, "--volume")).toEqual([
      "/opt/jetfleet:/opt/jetfleet:ro",
      "/etc/jetfleet:/etc/jetfleet:ro",
      "/var/lib/jetfleet:/var/lib/jetfleet",
      "/run/jetfleet:/run/jetfleet",
    ]);
    const runner = ordered(runtime, ["runner", "1"]).words;
    expect(cards.flatMap((one) => values(runner, one))).toContain(
      runtime === "docker" ? "all" : "nvidia.com/gpu=all",
    );
    expect(values(runner, "--volume").every((one) => one.endsWith(":ro"))).toBe(true);
    expect(runner).toContain("--interactive");
    expect(runner.slice(-4)).toEqual([
      image,
      "/opt/jetfleet/current/agent.cjs",
      "runner-host",
      "--halves",
    ]);
  });

  test("removes what a kill of the engine left of ours, and nothing of another's", () => {
    expect(ordered(runtime, ["agent"], "agent").stderr).toBe("removed jetfleet-agent\n");
    expect(ordered(runtime, ["agent"], "<no value>").stderr).toBe("");
  });

  test("takes no other part", () => {
    expect(ordered(runtime, ["shell"])).toMatchObject({ status: 64 });
  });
});
