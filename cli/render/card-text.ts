import type { CardStats, Cards } from "../../fleet/contract/index.ts";
import { formatBytes, formatPercent } from "./format.ts";

/** What is no news of a card's clocks. */
const QUIET = ["gpu_idle", "applications_clocks_setting"];

/** Each card of a PC in parts that are shown one after the other, and what keeps figures from being known. */
export function cardParts({ cards, trouble }: Cards): string[][] {
  const parts = cards.map(partsOf);
  return trouble === null ? parts : [...parts, [`cards: ${trouble.says}`]];
}

function partsOf(card: CardStats): string[] {
  const title = `card ${card.index} ${card.name ?? "of an unknown name"}`;
  if (card.fault !== null) return [title, card.fault];
  return [
    title,
    `GPU ${formatPercent(card.gpuPercent)}`,
    `decoder ${formatPercent(card.decoderPercent)}`,
    `encoder ${formatPercent(card.encoderPercent)}`,
    `memory ${formatBytes(card.memoryUsedBytes)} of ${formatBytes(card.memoryTotalBytes)}`,
    `${shown(card.temperatureCelsius)} °C`,
    `${shown(card.powerMilliwatts, 1000)} of ${shown(card.powerLimitMilliwatts, 1000)} W`,
    `${shown(card.clockMhz)} of ${shown(card.clockLimitMhz)} MHz`,
    ...reasonsOf(card),
  ];
}

function reasonsOf({ clockReasons }: CardStats): string[] {
  if (clockReasons === null) return ["clocks held by -"];
  const reasons = clockReasons.filter((one) => !QUIET.includes(one));
  return reasons.length === 0 ? [] : [`clocks held by ${reasons.join(", ")}`];
}

function shown(figure: number | null, scale = 1): string {
  return figure === null ? "-" : String(Math.round(figure / scale));
}
