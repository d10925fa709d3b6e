import { readFileSync } from "node:fs";
import { BOARDS, type Board } from "../../../boards/boards.ts";
import type { Image, PlayedBoard } from "../images.ts";

/** A board by the name that is played. */
export type PlayedUnit = Board & { name: PlayedBoard };

/** What this board is, as written by root-folder.ts before the boot. */
export function ownIdentity(): Image & { name: string; board: PlayedUnit } {
  const text = readFileSync("/run/jetfleet-sim/board.json", "utf8");
  const identity = JSON.parse(text) as Image & { name: string; board: PlayedBoard };
  return { ...identity, board: { ...BOARDS[identity.board], name: identity.board } };
}
