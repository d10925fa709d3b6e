export type Command =
  | "up"
  | "down"
  | "first"
  | "last"
  | "open"
  | "back"
  | "help"
  | "quit"
  | "other";

interface KeyRow {
  command: Command;
  /** As Ink names or spells them, see `commandsOf`. */
  keys: readonly string[];
  /** For people. */
  shown: string;
  meaning: string;
}

/** Every key of the console. No function keys: Ink cannot tell them apart. */
export const KEYS: readonly KeyRow[] = [
  { command: "up", keys: ["upArrow", "k"], shown: "↑ k", meaning: "device above" },
  { command: "down", keys: ["downArrow", "j"], shown: "↓ j", meaning: "device below" },
  { command: "first", keys: ["home", "g"], shown: "Home g", meaning: "first device" },
  { command: "last", keys: ["end", "G"], shown: "End G", meaning: "last device" },
  {
    command: "open",
    keys: ["return", "\r", "\n", "rightArrow", "l"],
    shown: "Enter",
    meaning: "open the device",
  },
  {
    command: "back",
    keys: ["escape", "backspace", "delete", "leftArrow", "h"],
    shown: "Esc",
    meaning: "back",
  },
  { command: "help", keys: ["?"], shown: "?", meaning: "this help, and away again" },
  {
    command: "quit",
    keys: ["q", "\u0003"],
    shown: "q",
    meaning: "leave; everything keeps running",
  },
];

/** Named keys that Ink reports by flags. */
const NAMED = [
  "upArrow",
  "downArrow",
  "leftArrow",
  "rightArrow",
  "return",
  "escape",
  "backspace",
  "delete",
  "home",
  "end",
];

/**
 * The commands in one report of Ink. Keys typed fast arrive glued together ("jjj"), so text is taken apart; a named
 * key comes alone.
 */
export function commandsOf(input: string, key: object): Command[] {
  const flags = key as Record<string, unknown>;
  if (flags["ctrl"]) return [input === "c" ? "quit" : "other"];
  if (flags["meta"] && !flags["escape"]) return [];
  const named = NAMED.find((name) => flags[name] === true);
  const pressed = named ? [named] : [...input];
  return pressed.map((one) => KEYS.find(({ keys }) => keys.includes(one))?.command ?? "other");
}

export function footerOf(commands: readonly Command[]): string {
  return KEYS.filter(({ command }) => commands.includes(command))
    .map(({ command, shown }) => `${shown.split(" ")[0]} ${command}`)
    .join("   ");
}
