import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { BASE, FAN_CONF, FAN_STATUS, POWER_MODES_FILE } from "../../../fleet/provision/layout.ts";
import { ROOT_PIECE } from "../../../fleet/provision/runtime/root-piece.ts";

/** The root piece with all its paths in a folder of its own, where doubles of the board's tools lie, too. */
export class RootHarness {
  readonly folder = mkdtempSync(join(tmpdir(), "jetfleet-root-"));
  readonly #script = this.file("root.sh");

  constructor() {
    const text = ROOT_PIECE.replaceAll(POWER_MODES_FILE, this.file("nvpmodel.conf"))
      .replaceAll(FAN_CONF, this.file("nvfancontrol.conf"))
      .replaceAll(FAN_STATUS, this.file("fan-status"))
      .replaceAll(BASE, this.folder)
      .replace("PATH=", `PATH=${this.folder}:`);
    writeFileSync(this.#script, text);
    this.tool("sync", "exit 0");
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  has(name: string): boolean {
    return existsSync(this.file(name));
  }

  read(name: string): string {
    return this.has(name) ? readFileSync(this.file(name), "utf8") : "";
  }

  write(name: string, text: string): void {
    writeFileSync(this.file(name), text);
  }

  remove(name: string): void {
    rmSync(this.file(name), { force: true });
  }

  /** A program of the board; `@` in its text is the folder. */
  tool(name: string, text: string): void {
    writeFileSync(this.file(name), `#!/bin/sh\n${text.replaceAll("@", this.folder)}`, {
      mode: 0o755,
    });
  }

  /** What it answers; it never ends with an error or says anything beside. */
  ask(...args: string[]): string {
    const { stdout, stderr, status } = spawnSync("sh", [this.#script, ...args], {
      encoding: "utf8",
    });
    expect([stderr, status]).toEqual(["", 0]);
    return stdout;
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const CONF = `# nvpmodel
< POWER_MODEL ID=0 NAME=MAXN >
CPU_A57 MAX_FREQ 2035200
< POWER_MODEL ID=1 NAME=MAXQ >
< POWER_MODEL ID=2 NAME=REBOOTS >
< PM_CONFIG DEFAULT=0 >
`;

/** Remembers its mode in a file; mode 2 asks for a reboot and, told no, stays where it is. */
export const NVPMODEL = `case "$1" in
  -q) if [ -e @/fan ]; then echo "NV Fan Mode:$(cat @/fan)"; else echo "NVPM WARN: fan mode is not set!"; fi
      echo "NV Power Mode: $(cat @/mode)"; echo 0 ;;
  -d) echo "fan $2" >> @/calls; [ "$2" = quiet ] || [ "$2" = cool ] || exit 1; echo "$2" > @/fan ;;
  -m) echo "set $2" >> @/calls
      case "$2" in
        0) echo MAXN > @/mode; echo 1300 > @/gpu.max ;;
        1) echo MAXQ > @/mode; echo 850 > @/gpu.max; [ ! -e @/gpu.min ] || [ "$(cat @/gpu.min)" -le 850 ] || echo 850 > @/gpu.min ;;
        2) read answer; [ "$answer" = NO ] && echo "NVPM: reboot required"; exit 1 ;;
      esac ;;
esac
`;
