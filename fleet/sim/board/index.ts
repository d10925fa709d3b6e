export { Behaviour } from "./behaviour.ts";
export { type BoardOptions, type CommandResult, type SimulatedBoard, startBoard } from "./board.ts";
export { BoardInfo, readBoardInfo } from "./state-file.ts";
