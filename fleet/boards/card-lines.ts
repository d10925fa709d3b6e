import type { CardStats, CardTrouble, CardTroubleKind } from "../contract/index.ts";
import { type CardField, parseClockReasons } from "./card-fields.ts";

/** A line of nvidia-smi. What is printed of it passes the contract's schemas, which make it printable. */
export type CardLine =
  | { line: "card"; card: CardStats }
  /** A name that this driver does not know: nothing else is said then. */
  | { line: "unknown-field"; name: string }
  | { line: "trouble"; trouble: CardTrouble }
  /** What no sentence of the driver's is known for; the last one counts when nvidia-smi ends with it. */
  | { line: "other"; says: string };

/**
 * The driver's sentences, which come on standard output as well as on standard error, and with exit codes that did not
 * stay the same (a lost card beside others: 0). The first that fits says what is the matter.
 */
export const CARD_SENTENCES: readonly (readonly [RegExp, CardTroubleKind])[] = [
  [/Driver\/library version mismatch/i, "version-mismatch"],
  [/couldn't find libnvidia-ml/i, "no-library"],
  [/couldn't communicate with the NVIDIA driver|Driver Not Loaded/i, "no-driver"],
  [/Insufficient Permissions|access blocked by the operating system/i, "no-access"],
  // A container that lost its cards to a `systemctl daemon-reload`, or a service that may not open them.
  [/Failed to initialize NVML: Unknown Error/i, "no-access"],
  [/Unable to determine the device handle|GPU is lost|fallen off the bus/i, "card-lost"],
  [/No devices were found/i, "no-cards"],
];

const LONGEST = 400;

export function parseCardLine(line: string, fields: readonly CardField[]): CardLine | null {
  const text = line.trim().slice(0, LONGEST * 4);
  if (text === "") return null;
  const [, name] = /^Field "(.{1,100})" is not a valid field to query/.exec(text) ?? [];
  if (name !== undefined) return { line: "unknown-field", name };
  const card = parseRow(text, fields);
  if (card !== null) return { line: "card", card };
  const says = text.slice(0, LONGEST);
  const [, kind] = CARD_SENTENCES.find(([sentence]) => sentence.test(text)) ?? [];
  return kind === undefined
    ? { line: "other", says }
    : { line: "trouble", trouble: { kind, says } };
}

/** Null when it is no row of these fields. */
function parseRow(text: string, fields: readonly CardField[]): CardStats | null {
  const cells = text.split(",").map((cell) => cell.trim());
  if (cells.length < fields.length) return null;
  const last = fields.length - 1;
  const values = [...cells.slice(0, last), cells.slice(last).join(", ")];
  const value = (key: CardField["key"]) => values[fields.findIndex((field) => field.key === key)];
  const number = (key: CardField["key"]) => {
    const field = fields.find((one) => one.key === key);
    return field === undefined ? null : parseFigure(value(key), field);
  };
  const index = number("index");
  if (index === null || !Number.isInteger(index)) return null;
  const reasons = value("clockReasons");
  const figures = {
    gpuPercent: number("gpuPercent"),
    decoderPercent: number("decoderPercent"),
    encoderPercent: number("encoderPercent"),
    memoryUsedBytes: number("memoryUsedBytes"),
    memoryTotalBytes: number("memoryTotalBytes"),
    temperatureCelsius: number("temperatureCelsius"),
    powerMilliwatts: number("powerMilliwatts"),
    powerLimitMilliwatts: number("powerLimitMilliwatts"),
    clockMhz: number("clockMhz"),
    clockLimitMhz: number("clockLimitMhz"),
    memoryClockMhz: number("memoryClockMhz"),
    clockReasons: reasons === undefined ? null : parseClockReasons(reasons),
  };
  return {
    index,
    uuid: word(value("uuid"), 64),
    busId: word(value("busId"), 32),
    name: word(value("name"), 128),
    ...figures,
    fault: faultIn(values),
  };
}

/** `[N/A]`, `[Not Supported]`, `[Unknown Error]`, `ERR!`, and whatever else is no number of such a thing. */
function parseFigure(text: string | undefined, { scale = 1, most = Number.MAX_VALUE }: CardField) {
  if (text === undefined || !/^\d{1,15}(\.\d{1,6})?$/.test(text)) return null;
  const figure = Number(text);
  return figure * scale <= most ? Math.round(figure * scale * 1000) / 1000 : null;
}

/** A reading that says why there is none, rather than that this card has no such thing. */
function faultIn(values: readonly string[]): string | null {
  const faults = values.flatMap((text) => /^\[(GPU [A-Za-z ]{2,40})\]$/.exec(text)?.[1] ?? []);
  return faults[0] ?? null;
}

/** Null of what is in brackets, which is no name. */
function word(text: string | undefined, longest: number): string | null {
  return text === undefined || text === "" || /^\[.*\]$|^ERR!$/.test(text)
    ? null
    : text.slice(0, longest);
}

/** Whether a row tells anything of its card. */
export function tellsFigures(card: CardStats): boolean {
  const { gpuPercent, memoryUsedBytes, temperatureCelsius, powerMilliwatts, clockMhz } = card;
  return [gpuPercent, memoryUsedBytes, temperatureCelsius, powerMilliwatts, clockMhz].some(
    (figure) => figure !== null,
  );
}
