export {
  CAMERA_BINARY,
  type Camera,
  type CameraInfo,
  type CameraOptions,
  startCamera,
} from "./start-camera.ts";
