import * as fs from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Name } from "../../spec/index.ts";
import { PlayedBoard } from "./images.ts";

/** Content of board.json: where a simulated board is to be reached. `pid` is 0 after an orderly stop. */
export const BoardInfo = z.object({
  pid: z.number().int().nonnegative(),
  name: Name,
  board: PlayedBoard,
  jetpack: z.string(),
  host: z.string(),
  sshPort: z.number().int().min(1).max(65535),
  hostKey: z.string(),
  simulated: z.literal(true),
});
export type BoardInfo = z.infer<typeof BoardInfo>;

/** What is recorded in `dir`, or null when nothing usable is. */
export async function readBoardInfo(dir: string): Promise<BoardInfo | null> {
  const text = await fs.readFile(join(dir, "board.json"), "utf8").catch(() => null);
  if (text === null) return null;
  try {
    return BoardInfo.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

export async function writeBoardInfo(dir: string, info: BoardInfo): Promise<void> {
  const temporary = join(dir, `board.json.${process.pid}`);
  await fs.writeFile(temporary, `${JSON.stringify(info)}\n`);
  await fs.rename(temporary, join(dir, "board.json"));
}
