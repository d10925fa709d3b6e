import { describe, expect, it } from "vitest";
import { deviceScreen } from "../../../cli/console/device-screen.ts";
import { NO_PALETTE } from "../../../cli/render/colour.ts";
import { statusLines } from "../../../cli/render/status-text.ts";
import { CARD_FIELDS, parseCardLine } from "../../../fleet/boards/index.ts";
import { Cards, CardTroubleKind } from "../../../fleet/contract/index.ts";
import {
  buildView,
  type FleetMessage,
  FleetView,
  NOTHING_HEARD,
  reduce,
} from "../../../fleet/view/index.ts";
import { reportedOf, statsOf } from "../../cli/support/synthetic-device.ts";
import { withTruth } from "../../cli/support/truth-report.ts";

const NOW = 1_800_000_000_000;
const ROW =
  "0, GPU-1, 00000000:01:00.0, 55, 3, [N/A], 511, 15360, 41, 27.50, 70.00, 585, 1590, 5000, 0x5, Tesla T4";
const DEAD = ROW.replace("0,", "1,").replace(
  / 55,.*0x5/,
  Array(12).fill(" [GPU is lost]").join(","),
);

function viewOf(rows: readonly string[], trouble: Cards["trouble"] = null) {
  const cards = rows.flatMap((row) => {
    const parsed = parseCardLine(row, CARD_FIELDS);
    return parsed?.line === "card" ? [parsed.card] : [];
  });
  const stats = statsOf(1);
  const board = { ...stats.board, cards: Cards.parse({ cards, trouble }) };
  const device = "pc";
  const message = { online: true, bootId: "boot", seq: 1, atMs: NOW };
  const facts = [
    { type: "presence", device, message, atMs: NOW } as const,
    { type: "reported", device, message: reportedOf(device, "x86"), atMs: NOW } as const,
    { type: "stats", device, message: { ...stats, board }, atMs: NOW } as const,
  ].reduce((known, one: FleetMessage) => reduce(known, one), NOTHING_HEARD);
  const hub = {
    ...{ httpUrl: "http://hub", connected: true, eventsError: null },
    ...{ invalidMessages: 0, unknownValues: 0 },
  };
  const at = { nowMs: NOW, monotonicMs: NOW, listeningSinceMs: 0 };
  return FleetView.parse(buildView(facts, { fleet: "demo", hub, ...at }));
}

const CARD =
  "card 0 Tesla T4 · GPU 55 % · decoder 3 % · encoder - · memory 511 MiB of 15.0 GiB · 41 °C · " +
  "28 of 70 W · 585 of 1590 MHz · clocks held by sw_power_cap";

describe("the cards of a PC in the view", () => {
  it("are lines of status and of the device's screen, with a dash for what is not known", () => {
    const view = viewOf([ROW, DEAD]);
    const lines = statusLines(withTruth(view), 200, NO_PALETTE);
    expect(lines).toContain(`pc · ${CARD}`);
    expect(lines).toContain("pc · card 1 Tesla T4 · GPU is lost");
    const [device] = view.devices;
    if (!device) throw new Error("no device");
    const screen = deviceScreen(withTruth(view), device, { width: 200, height: 60 });
    const text = screen.map((line) => line.text.trim()).join("\n");
    for (const part of CARD.split(" · ")) expect(text).toContain(part);
  });

  it("are a problem when one is lost, and a smaller one when the driver does not tell", () => {
    const severityOf = (kind: CardTroubleKind) => {
      const [found, ...more] = viewOf([ROW], { kind, says: "words of the driver" }).problems;
      expect(more).toEqual([]);
      expect(found).toMatchObject({ device: "pc", message: "words of the driver" });
      expect(found?.hint).not.toBe("");
      return `${found?.severity} ${found?.code}`;
    };
    for (const kind of CardTroubleKind.options) {
      const wanted = kind === "card-lost" ? "error CARD_LOST" : "warning CARD_FIGURES";
      expect(severityOf(kind), kind).toBe(wanted);
    }
    const problems = viewOf([], { kind: "version-mismatch", says: "mismatch" }).problems;
    expect(problems[0]?.hint).toMatch(/^Reboot it/);
    expect(viewOf([ROW]).problems).toEqual([]);
  });
});
