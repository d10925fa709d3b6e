import * as fs from "node:fs";
import { join } from "node:path";
import { SocketUnit } from "./socket-unit.ts";
import { UNIT_DIR, Unit } from "./unit.ts";

const BOOT_TARGETS = ["sockets.target.wants", "multi-user.target.wants", "default.target.wants"];

/** A service, an instance of one, or a socket. */
export type AnyUnit = Unit | SocketUnit;

/** The units of the board: files in /etc/systemd/system, read when first asked for. */
export class Units {
  readonly #units = new Map<string, AnyUnit>();

  loaded(): AnyUnit[] {
    return [...this.#units.values()];
  }

  exists(name: string): boolean {
    if (fs.existsSync(join(UNIT_DIR, name))) return true;
    const unit = this.#units.get(name);
    if (!unit) return false;
    // A unit whose file is gone is remembered only as long as it runs.
    if (isAtRest(unit)) this.#units.delete(name);
    return !isAtRest(unit);
  }

  /** The unit, read from its file unless it is in memory. A unit that does not run is read afresh, as systemd does. */
  load(name: string): AnyUnit {
    const known = this.#units.get(name);
    if (known) {
      if (isAtRest(known)) known.reload();
      return known;
    }
    const unit = name.endsWith(".socket") ? this.#socket(name) : new Unit(name);
    this.#units.set(name, unit);
    return unit;
  }

  #socket(name: string): SocketUnit {
    return new SocketUnit(name, (instance, template, socket) => {
      // As with CollectMode=inactive-or-failed, nothing of an instance is kept.
      const onOver = (): void => void this.#units.delete(instance);
      const unit = new Unit(instance, { socket, template, onOver });
      this.#units.set(instance, unit);
      unit.start();
    });
  }

  /** daemon-reload: every unit's file is read again. */
  reload(): void {
    for (const unit of this.#units.values()) unit.reload();
  }

  /** Names of the units that start at boot. */
  enabled(): string[] {
    return BOOT_TARGETS.flatMap((target) => listDir(join(UNIT_DIR, target)));
  }

  isEnabled(name: string): boolean {
    return this.enabled().includes(name);
  }

  /** Makes the links WantedBy asks for; returns those that are new. */
  enable(name: string): { link: string; target: string }[] {
    const target = join(UNIT_DIR, name);
    const links = this.load(name).service.wantedBy.map((wanted) =>
      join(UNIT_DIR, `${wanted}.wants`, name),
    );
    return links
      .filter((link) => !fs.existsSync(link))
      .map((link) => {
        fs.mkdirSync(join(link, ".."), { recursive: true });
        fs.rmSync(link, { force: true });
        fs.symlinkSync(target, link);
        return { link, target };
      });
  }

  /** Removes the links of a unit in every target; returns them. */
  disable(name: string): string[] {
    const targets = listDir(UNIT_DIR).filter((entry) => entry.endsWith(".wants"));
    const links = targets.map((target) => join(UNIT_DIR, target, name));
    return links.filter((link) => {
      const there = fs.lstatSync(link, { throwIfNoEntry: false }) !== undefined;
      fs.rmSync(link, { force: true });
      return there;
    });
  }
}

function isAtRest(unit: AnyUnit): boolean {
  return unit.state.phase === "inactive" || unit.state.phase === "failed";
}

function listDir(path: string): string[] {
  return fs.existsSync(path) ? fs.readdirSync(path).sort() : [];
}
