import { readFileSync } from "node:fs";
import { BOARDS, type Board } from "../../../boards/boards.ts";
import type { BoardName } from "../../../spec/index.ts";
import type { Image } from "../images.ts";

/** What this board is, as written by root-folder.ts before the boot. */
export function ownIdentity(): Image & { name: string; board: Board } {
  const text = readFileSync("/run/jetfleet-sim/board.json", "utf8");
  const identity = JSON.parse(text) as Image & { name: string; board: BoardName };
  return { ...identity, board: BOARDS[identity.board] };
}
