import { readFileSync } from "node:fs";
import { BOARDS, type Board } from "../../../boards/boards.ts";
import type { Image, PlayedJetson } from "../images.ts";

/** A board by the name that is played. */
export type PlayedUnit = Board & { name: PlayedJetson };

/** What this board is, as written by root-folder.ts before the boot. Its tools are not on a PC, which has no L4T. */
export function ownIdentity(): Image & { name: string; board: PlayedUnit; l4t: string } {
  const text = readFileSync("/run/jetfleet-sim/board.json", "utf8");
  const identity = JSON.parse(text) as Image & {
    name: string;
    board: PlayedJetson;
    l4t: string;
  };
  return { ...identity, board: { ...BOARDS[identity.board], name: identity.board } };
}
