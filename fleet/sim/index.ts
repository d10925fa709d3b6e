export {
  Behaviour,
  BoardInfo,
  type BoardOptions,
  readBoardInfo,
  type SimulatedBoard,
  startBoard,
} from "./board/index.ts";
export { CAMERA_BINARY, type Camera, type CameraOptions, startCamera } from "./camera/index.ts";
