// Written by `node infra/generate/main.ts` from the schemas; what is to be changed stands there.
import type * as pulumi from "@pulumi/pulumi";

/** Hardware type of the device. */
export type BoardName =
  | "tx1"
  | "tx2"
  | "nano"
  | "xavier-nx"
  | "agx-xavier"
  | "orin-nano"
  | "orin-nx"
  | "agx-orin"
  | "agx-thor"
  | "x86";

/** The top of what the power mode allows, or up and down with the load. */
export type Clocks = "max" | "dynamic";

/**
 * What happens when the board lacks Debian packages that are needed (GStreamer's elements): install
 * brings them from the board's own sources, and a delete removes them; refuse names them. Default:
 * refuse.
 */
export type PackagePolicy = "install" | "refuse";

/**
 * What starts the containers: docker with NVIDIA's runtime, or podman 4.1 or later with NVIDIA's
 * CDI specification.
 */
export type ContainerRuntime = "docker" | "podman";

/**
 * What happens when the board or device cannot be reached. error: the operation fails. skip: an
 * update is put off, with a warning, and the next `up` tries it again; creating and deleting fail.
 * forget: as error, but deleting locks the device out of the hub and forgets it, leaving on the
 * board what was installed.
 */
export type UnreachablePolicy = "error" | "skip" | "forget";

export type MaintenanceWindowDays = "sun" | "mon" | "tue" | "wed" | "thu" | "fri" | "sat";

/**
 * How the model's outputs are read, by family: native/core/decode/README.md lists what each
 * expects. yolox is the raw head, yolox-decoded that of --decode_in_inference; yolov3 and yolov4
 * are darknet's heads, tiny ones too; yolov10 and yolo26 are end to end; classification finds the
 * whole picture; library is one of your own, which decoderLibrary names.
 */
export type Decoder =
  | "yolox"
  | "yolox-decoded"
  | "fastestdet"
  | "yolov2"
  | "yolov3"
  | "yolov4"
  | "yolov5"
  | "yolov7"
  | "yolov8"
  | "yolov9"
  | "yolo11"
  | "yolov10"
  | "yolo26"
  | "nanodet"
  | "ssd-tf"
  | "ssd-detection-output"
  | "efficient-nms"
  | "rt-detr"
  | "detr"
  | "ultraface"
  | "yunet"
  | "centernet"
  | "classification"
  | "reid"
  | "library";

/** letterbox: at the top left. */
export type ModelInputFit = "letterbox" | "letterbox-centred" | "stretch";

/** Order of the colours. */
export type ModelInputChannels = "rgb" | "bgr";

/**
 * How an RTSP camera sends its packets; means nothing to other sources. auto: over TCP, and a
 * camera that refuses that over UDP. tcp, udp: the one to begin with; that a camera refuses it is
 * told as SOURCE_TRANSPORT, and it is read by the other one. What is used stands in telemetry.
 * Default: auto.
 */
export type RtspTransport = "auto" | "tcp" | "udp";

/** Where the model runs on the board's silicon. Default: auto. */
export type AcceleratorChoice = "auto" | "gpu" | "dla0" | "dla1" | "split";

/** What the model computes in. Default: auto, FP16 where it is fast. */
export type PrecisionChoice = "auto" | "fp32" | "fp16" | "int8";

/**
 * What scales pictures, converts their colours and brings them into the model's input. Default:
 * auto, the backend's own where it has one, else cpu. One that the device's backend does not have
 * is refused, not replaced.
 */
export type PreprocessChoice = "auto" | "cpu" | "cuda" | "vic";

/**
 * bytetrack also follows objects that the detector is unsure of; oc-sort finds again what was
 * hidden or turned; sort and iou (without a motion model) are the plainest and forget what two
 * frames do not show. Default: bytetrack.
 */
export type TrackAlgorithm = "bytetrack" | "sort" | "oc-sort" | "iou";

/** What the devices are told by. */
export type ScopeKind = "devices" | "labels" | "fleet";

/** Whether the board can run it; absent when there is no plan. */
export type PlanVerdict = "runs" | "refused" | "absent";

/**
 * Whether what is asked for is met; unknown when nobody can say. Absent when nothing was asked for.
 */
export type PlanDemand = "met" | "missed" | "unknown";

/** A host on the way to a board. hostKey or knownHosts must say which key is its own. */
export interface JumpHostArgs {
  /** Host name or IP address, as seen from the host before. */
  address: pulumi.Input<string>;
  /** SSH port. Default: 22. */
  port?: pulumi.Input<number | undefined>;
  /** Login at the host. Default: nvidia. */
  user?: pulumi.Input<string | undefined>;
  /** Path of the private key; a leading ~ is the home folder. Only the path is kept in state. */
  privateKeyPath?: pulumi.Input<string | undefined>;
  /**
   * Path of an OpenSSH certificate of the private key, or of a key that the agent has. Default: the
   * one beside the private key (id_ed25519-cert.pub beside id_ed25519), if there is one. Those that
   * the agent has are offered, too.
   */
  certificatePath?: pulumi.Input<string | undefined>;
  /** Passphrase of an encrypted private key. */
  passphrase?: pulumi.Input<string | undefined>;
  /**
   * Whether the keys of the SSH agent at SSH_AUTH_SOCK are offered. Default: where neither key nor
   * password is given.
   */
  agent?: pulumi.Input<boolean | undefined>;
  /** Password of the login, also where the server asks for it in a dialogue. */
  password?: pulumi.Input<string | undefined>;
  /** Pinned host key fingerprint; this or knownHosts must say which key it is. */
  hostKey?: pulumi.Input<string | undefined>;
  /**
   * A file such as ~/.ssh/known_hosts that says which host keys are known; asked while none is
   * pinned or in state.
   */
  knownHosts?: pulumi.Input<string | undefined>;
}

/** How to reach the board over SSH. */
export interface SshArgs {
  /** Login on the board: root, or one that may use sudo. Default: nvidia. */
  user?: pulumi.Input<string | undefined>;
  /** Path of the private key; a leading ~ is the home folder. Only the path is kept in state. */
  privateKeyPath?: pulumi.Input<string | undefined>;
  /**
   * Path of an OpenSSH certificate of the private key, or of a key that the agent has. Default: the
   * one beside the private key (id_ed25519-cert.pub beside id_ed25519), if there is one. Those that
   * the agent has are offered, too.
   */
  certificatePath?: pulumi.Input<string | undefined>;
  /** Passphrase of an encrypted private key. */
  passphrase?: pulumi.Input<string | undefined>;
  /**
   * Whether the keys of the SSH agent at SSH_AUTH_SOCK are offered. Default: where neither key nor
   * password is given.
   */
  agent?: pulumi.Input<boolean | undefined>;
  /** Password of the login, also where the server asks for it in a dialogue. */
  password?: pulumi.Input<string | undefined>;
  /**
   * Pinned host key fingerprint. When absent, the first one seen is kept in state and any other is
   * refused.
   */
  hostKey?: pulumi.Input<string | undefined>;
  /**
   * A file such as ~/.ssh/known_hosts that says which host keys are known; asked while none is
   * pinned or in state.
   */
  knownHosts?: pulumi.Input<string | undefined>;
  /** What sudo asks the login for, where it asks. Default: nothing. */
  sudoPassword?: pulumi.Input<string | undefined>;
  /** Hosts on the way to the board, the first one first. */
  jumpHosts?: pulumi.Input<pulumi.Input<JumpHostArgs>[] | undefined>;
  /**
   * A file such as ~/.ssh/config; `address` is then a host as it is called there. HostName, Port,
   * User, ProxyJump, IdentityFile, CertificateFile, IdentityAgent and known hosts come from it; a
   * key, a certificate, an agent or a host key that is given here comes first.
   */
  config?: pulumi.Input<string | undefined>;
}

/** A Debian package that is carried to the board. */
export interface PackageFileArgs {
  /** The .deb file on the machine that runs the program. */
  path: pulumi.Input<string>;
  /** sha256: and what `sha256sum` says of the file; another file is refused. */
  digest: pulumi.Input<string>;
}

/** What a PC's agent and runners run in, in place of straight under its system. */
export interface DeviceContainerArgs {
  /**
   * What starts the containers: docker with NVIDIA's runtime, or podman 4.1 or later with NVIDIA's
   * CDI specification. Default: docker.
   */
  runtime?: pulumi.Input<ContainerRuntime | undefined>;
  /** Image with GStreamer, and TensorRT where models are to run on the card, by its digest. */
  image: pulumi.Input<string>;
}

/**
 * When what restarts the agent may be done. An `up` at another time puts that off with a warning,
 * and the next one in the window makes it. A device that is new, or whose agent does not run, is
 * never put off. Default: any time.
 */
export interface MaintenanceWindowArgs {
  /** Local time of day, such as 02:00. */
  from: pulumi.Input<string>;
  /** Local time of day at which it ends; of the next day where that is before `from`. */
  to: pulumi.Input<string>;
  /** Days on which it begins. Default: each. */
  days?: pulumi.Input<pulumi.Input<MaintenanceWindowDays>[] | undefined>;
  /** Where the times are local, such as Europe/Zurich. Default: UTC. */
  timeZone?: pulumi.Input<string | undefined>;
}

/**
 * A decoder of your own: paths of shared objects that export the C interface
 * native/decoders/decoder_abi.h, relative to the program, one for each kind of machine that is to
 * run it. Devices verify them by their digests; they run in the process of the pipeline, with its
 * rights.
 */
export interface OwnDecoderArgs {
  /** For Jetsons, and PCs with such a processor. */
  aarch64?: pulumi.Input<string | undefined>;
  /** For PCs, and for boards that are simulated on one. */
  x86_64?: pulumi.Input<string | undefined>;
}

/** How pictures get into the model. Default: as its decoder's family does. */
export interface ModelInputArgs {
  /** Of a model that leaves its width open. */
  width?: pulumi.Input<number | undefined>;
  /** Of a model that leaves its height open. */
  height?: pulumi.Input<number | undefined>;
  /** letterbox: at the top left. */
  fit?: pulumi.Input<ModelInputFit | undefined>;
  /** Order of the colours. */
  channels?: pulumi.Input<ModelInputChannels | undefined>;
  /** In samples from 0 to 255, in the order of the channels. */
  mean?: pulumi.Input<pulumi.Input<number>[] | undefined>;
  /** value = (sample − mean) × scale. */
  scale?: pulumi.Input<pulumi.Input<number>[] | undefined>;
  /** Sample around a letterbox. */
  pad?: pulumi.Input<number | undefined>;
}

/** What makes an rtsps:// camera trusted beside the authorities the device knows. */
export interface TlsArgs {
  /** PEM file on the device with the authorities that vouch for the camera. */
  caFile?: pulumi.Input<string | undefined>;
  /** SHA-256 of the camera's own certificate (DER). */
  fingerprint?: pulumi.Input<string | undefined>;
}

/**
 * What the source is said to send. The plan counts it against decoder and accelerator; what really
 * comes is measured.
 */
export interface VideoArgs {
  /** Pixels. */
  width: pulumi.Input<number>;
  /** Pixels. */
  height: pulumi.Input<number>;
  /** Frames a second. */
  fps: pulumi.Input<number>;
}

/** Where frames come from. Live sources drop the oldest frame when late; files wait. */
export interface SourceArgs {
  /**
   * rtsp:// or rtsps:// camera; file:// path on the device; v4l2:///dev/video0 (USB); csi://0 (a
   * Jetson's own sensor, not yet run on a board); test://smpte (videotestsrc, for trying). The last
   * three take width, height and fps, v4l2 also format raw, mjpeg, h264 or h265:
   * v4l2:///dev/video0?format=mjpeg&width=1280&height=720&fps=30. Read are H.264, H.265, VP9, AV1
   * and JPEG, where the device has a decoder.
   */
  uri: pulumi.Input<string>;
  /**
   * How an RTSP camera sends its packets; means nothing to other sources. auto: over TCP, and a
   * camera that refuses that over UDP. tcp, udp: the one to begin with; that a camera refuses it is
   * told as SOURCE_TRANSPORT, and it is read by the other one. What is used stands in telemetry.
   * Default: auto.
   */
  transport?: pulumi.Input<RtspTransport | undefined>;
  /** Begin a file again at its end. Default: false. */
  loop?: pulumi.Input<boolean | undefined>;
  /**
   * A camera that sends no picture for so many milliseconds is lost and opened again. Default: four
   * times the interval its pictures have, at least five seconds.
   */
  stallTimeoutMs?: pulumi.Input<number | undefined>;
  /** What makes an rtsps:// camera trusted beside the authorities the device knows. */
  tls?: pulumi.Input<TlsArgs | undefined>;
  /**
   * What the source is said to send. The plan counts it against decoder and accelerator; what
   * really comes is measured.
   */
  video?: pulumi.Input<VideoArgs | undefined>;
}

/** Which pictures show something new, by their luma. */
export interface MotionArgs {
  /**
   * Share of the picture, or of any of its regions, that must have changed, beyond the camera's
   * noise and light that changes all over it. Default: 0.001.
   */
  threshold?: pulumi.Input<number | undefined>;
  /**
   * Of pictures that show nothing new, the model looks at one in so many milliseconds. Default:
   * 1000.
   */
  keepAliveMs?: pulumi.Input<number | undefined>;
}

/** A part of a picture as it is shown, in shares of its width and height. */
export interface RegionArgs {
  /** Source whose pictures it is a part of. Default: all sources. */
  source?: pulumi.Input<string | undefined>;
  /** Of the picture's width, from its left edge. */
  left: pulumi.Input<number>;
  /** Of the picture's height, from its upper edge. */
  top: pulumi.Input<number>;
  /** Of the picture's width. */
  width: pulumi.Input<number>;
  /** Of the picture's height. */
  height: pulumi.Input<number>;
}

/** A shared object, as the hub holds it. */
export interface DecoderObjectArgs {
  /** Content address of an artifact. */
  digest: pulumi.Input<string>;
  /** Size of the file. */
  sizeBytes: pulumi.Input<number>;
}

/** The shared objects of decoder library, by machine, objects like the model. */
export interface DecoderObjectsArgs {
  /** A shared object, as the hub holds it. */
  aarch64?: pulumi.Input<DecoderObjectArgs | undefined>;
  /** A shared object, as the hub holds it. */
  x86_64?: pulumi.Input<DecoderObjectArgs | undefined>;
}

/** The calibration table for INT8, an object like the model itself. */
export interface ModelManifestCalibrationArgs {
  /** Content address of an artifact. */
  digest: pulumi.Input<string>;
  /** Size of the table. */
  sizeBytes: pulumi.Input<number>;
}

/** What pipelines and devices need to know of a model. */
export interface ModelManifestArgs {
  /** Lower-case name, a DNS label. */
  name: pulumi.Input<string>;
  /** Content address of an artifact. */
  digest: pulumi.Input<string>;
  /** Size of the file. */
  sizeBytes: pulumi.Input<number>;
  /** Class names in the model's order. */
  labels: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * How the model's outputs are read, by family: native/core/decode/README.md lists what each
   * expects. yolox is the raw head, yolox-decoded that of --decode_in_inference; yolov3 and yolov4
   * are darknet's heads, tiny ones too; yolov10 and yolo26 are end to end; classification finds the
   * whole picture; library is one of your own, which decoderLibrary names.
   */
  decoder: pulumi.Input<Decoder>;
  /** The shared objects of decoder library, by machine, objects like the model. */
  decoderLibrary?: pulumi.Input<DecoderObjectsArgs | undefined>;
  /** How pictures get into the model. Default: as its decoder's family does. */
  input?: pulumi.Input<ModelInputArgs | undefined>;
  /** Of darknet's heads. */
  anchors?: pulumi.Input<pulumi.Input<number>[] | undefined>;
  /** The calibration table for INT8, an object like the model itself. */
  calibration?: pulumi.Input<ModelManifestCalibrationArgs | undefined>;
  /** ONNX nodes that compute in float32 in engines of any precision. */
  float32Nodes?: pulumi.Input<pulumi.Input<string>[] | undefined>;
}

/** Object detection. */
export interface DetectArgs {
  /** Detections below this score are dropped. Default: 0.4. */
  minScore?: pulumi.Input<number | undefined>;
  /** Boxes of one class that overlap more than this are merged. Default: 0.45. */
  nmsIou?: pulumi.Input<number | undefined>;
  /**
   * Where the model runs on the board's silicon. Default: auto, the plan chooses by the budget and
   * says why, and the device takes its GPU. Where it has no TensorRT, or none that its agent was
   * made for, the CPU runs the model.
   */
  accelerator?: pulumi.Input<AcceleratorChoice | undefined>;
  /**
   * Default: auto, FP16 where it is fast. INT8 must be asked for, and the model must hold its
   * scales (symmetric Q/DQ). The CPU runs models as they are.
   */
  precision?: pulumi.Input<PrecisionChoice | undefined>;
  /**
   * What scales pictures, converts their colours and brings them into the model's input. Default:
   * auto, the backend's own where it has one, else cpu. One that the device's backend does not have
   * is refused, not replaced.
   */
  preprocess?: pulumi.Input<PreprocessChoice | undefined>;
  /**
   * The model looks at every so many-th frame of each source, and the tracker tells where its
   * objects are in those between, which results mark as skipped. More than 1 needs track. Default:
   * 1, every frame.
   */
  interval?: pulumi.Input<number | undefined>;
  /**
   * The model does not look at pictures that do not differ from the last one it looked at, unless
   * an object moves; results mark them as skipped, and tracks stay. Needs track. Default: it looks
   * at all.
   */
  motion?: pulumi.Input<MotionArgs | undefined>;
  /**
   * The model sees these parts of the pictures alone, each at its own resolution, and its boxes
   * come back in the whole picture: one frame with one answer. Up to 8 for each source; the model
   * runs for each. Where parts overlap, what several see counts once; let them overlap by as much
   * as the objects are wide, or what an edge cuts stays in pieces. An agent from before 29 November
   * 2026 refuses more than one of a source. Default: the whole picture.
   */
  regions?: pulumi.Input<pulumi.Input<RegionArgs>[] | undefined>;
  /** Manifest of the model, an output of Model. */
  model: pulumi.Input<ModelManifestArgs>;
}

/** Tracking of detections from frame to frame. */
export interface TrackArgs {
  /**
   * bytetrack also follows objects that the detector is unsure of; oc-sort finds again what was
   * hidden or turned; sort and iou (without a motion model) are the plainest and forget what two
   * frames do not show. Default: bytetrack.
   */
  algorithm?: pulumi.Input<TrackAlgorithm | undefined>;
}

/**
 * A second model, which looks at what the tracker follows, cut out of the picture, in batches over
 * all sources. Its answer is kept for as long as the track and told with it. Live sources do not
 * wait for it, files do.
 */
export interface SecondaryArgs {
  /** It looks at objects of these labels of the detector. Default: all. */
  labels?: pulumi.Input<pulumi.Input<string>[] | undefined>;
  /** An answer below this score is not told. Of models of decoder classification. Default: 0.5. */
  minScore?: pulumi.Input<number | undefined>;
  /**
   * It does not look at an object yet whose box is lower than this share of the picture's height.
   * Default: 0.05.
   */
  minHeight?: pulumi.Input<number | undefined>;
  /**
   * It looks at an object again after so many milliseconds. Default: never once it has an answer.
   */
  refreshMs?: pulumi.Input<number | undefined>;
  /** Manifest of a model of decoder classification or reid, an output of Model. */
  model: pulumi.Input<ModelManifestArgs>;
}

/**
 * Counts objects that cross it: in from its left to its right hand, going from `from` to `to` in
 * the picture, out the other way. An object is where the middle of its box's lower edge is.
 */
export interface LineArgs {
  /** x and y as shares of the picture's width and height, from the top left. */
  from: pulumi.Input<pulumi.Input<number>[]>;
  /** x and y as shares of the picture's width and height, from the top left. */
  to: pulumi.Input<pulumi.Input<number>[]>;
  /** Source of the pipeline. Default: every source, each by itself. */
  source?: pulumi.Input<string | undefined>;
  /**
   * By how much an object has to be beyond, as a share of the picture's height, so that jitter
   * counts nothing. Default: 0.01.
   */
  margin?: pulumi.Input<number | undefined>;
  /** Objects of these labels of the model count. Default: all. */
  labels?: pulumi.Input<pulumi.Input<string>[] | undefined>;
  /** Objects count once they have had this score. Default: all that are tracked. */
  minScore?: pulumi.Input<number | undefined>;
  /** Smaller boxes are as not seen; a share of the picture's area. */
  minSize?: pulumi.Input<number | undefined>;
  /** Larger boxes are as not seen; a share of the picture's area. */
  maxSize?: pulumi.Input<number | undefined>;
}

/** Tells which objects are in it, when they entered and left, and how long they were. */
export interface ZoneArgs {
  /** Corners in order, 3 to 64; the last is joined to the first. */
  points: pulumi.Input<pulumi.Input<pulumi.Input<number>[]>[]>;
  /** Objects count once they have been in it for so many milliseconds. Default: 0. */
  minDwellMs?: pulumi.Input<number | undefined>;
  /** Source of the pipeline. Default: every source, each by itself. */
  source?: pulumi.Input<string | undefined>;
  /**
   * By how much an object has to be beyond, as a share of the picture's height, so that jitter
   * counts nothing. Default: 0.01.
   */
  margin?: pulumi.Input<number | undefined>;
  /** Objects of these labels of the model count. Default: all. */
  labels?: pulumi.Input<pulumi.Input<string>[] | undefined>;
  /** Objects count once they have had this score. Default: all that are tracked. */
  minScore?: pulumi.Input<number | undefined>;
  /** Smaller boxes are as not seen; a share of the picture's area. */
  minSize?: pulumi.Input<number | undefined>;
  /** Larger boxes are as not seen; a share of the picture's area. */
  maxSize?: pulumi.Input<number | undefined>;
}

/**
 * Lines and zones over what the tracker follows, which has to be there. Events go to the topic
 * events, counts into the statistics.
 */
export interface AnalyticsArgs {
  /** By name. */
  lines?: pulumi.Input<Record<string, pulumi.Input<LineArgs>> | undefined>;
  /** By name. */
  zones?: pulumi.Input<Record<string, pulumi.Input<ZoneArgs>> | undefined>;
  /** Between two updates of the event of an object that stays. Default: 10,000. */
  updateMs?: pulumi.Input<number | undefined>;
}

/** Frames with tracks on the topic detections/<pipeline>. */
export interface MqttSinkArgs {}

/** Where results go. Default: mqtt. */
export interface SinksArgs {
  /** Frames with tracks on the topic detections/<pipeline>. */
  mqtt?: pulumi.Input<MqttSinkArgs | undefined>;
}

/**
 * What the pipeline must achieve. A preview refuses what the board's silicon cannot give; status
 * tells when it is not met. Exceeded for five seconds, the device takes a step, and further ones:
 * the model looks at every 2nd, 3rd, 4th, 6th, 8th frame, where there is a tracker; then, for
 * latencyP95Ms alone and down to minFps, every 2nd, 3rd, 4th frame of live sources is admitted.
 * After fifteen seconds with a fifth of room it takes a step back. Events and status say so.
 */
export interface BudgetArgs {
  /** Frames a second that must leave the pipeline, of all its sources. */
  minFps?: pulumi.Input<number | undefined>;
  /** Milliseconds from capture to the sinks that 95 of 100 frames keep. */
  latencyP95Ms?: pulumi.Input<number | undefined>;
}

/** The device that runs the pipeline: `facts` of its resource. */
export interface DeviceFactsArgs {
  /** Lower-case name, a DNS label. */
  name: pulumi.Input<string>;
  /** Hardware type of the device. */
  board: pulumi.Input<BoardName>;
  /** What the plan is made for. */
  module?: pulumi.Input<string | undefined>;
  /** What the plan is made for. */
  jetpack?: pulumi.Input<string | undefined>;
  /** What the plan warns of: libraries that are not as it takes them. */
  libraryFaults?: pulumi.Input<pulumi.Input<string>[] | undefined>;
  /** What the plan is made for. */
  powerMode?: pulumi.Input<string | undefined>;
  /**
   * What happens when the board or device cannot be reached. error: the operation fails. skip: an
   * update is put off, with a warning, and the next `up` tries it again; creating and deleting
   * fail. forget: as error, but deleting locks the device out of the hub and forgets it, leaving on
   * the board what was installed.
   */
  onUnreachable?: pulumi.Input<UnreachablePolicy | undefined>;
  /** What `uname -m` says: a decoder of a model's own must have a file for it. */
  machine?: pulumi.Input<string | undefined>;
  /** Whether there is no real silicon. */
  simulated?: pulumi.Input<boolean | undefined>;
  /** What the device is addressed by; scope must be of these. */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>> | undefined>;
}

/**
 * For whom the release key signs this version, and its set: devices by name, those that bear all of
 * these labels, or all of the fleet. Pipelines of one name, content and scope on several devices
 * are then one part. The device must be among them. Default: the device alone.
 */
export interface ScopeArgs {
  /** What the devices are told by. */
  to: pulumi.Input<ScopeKind>;
  /** Names of the devices. */
  devices?: pulumi.Input<pulumi.Input<string>[] | undefined>;
  /** Labels that each of the devices bears. */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>> | undefined>;
}

/** A Debian package that is carried to the board. */
export interface PackageFile {
  /** The .deb file on the machine that runs the program. */
  path: string;
  /** sha256: and what `sha256sum` says of the file; another file is refused. */
  digest: string;
}

/** What a PC's agent and runners run in, in place of straight under its system. */
export interface DeviceContainer {
  /**
   * What starts the containers: docker with NVIDIA's runtime, or podman 4.1 or later with NVIDIA's
   * CDI specification. Default: docker.
   */
  runtime?: ContainerRuntime | undefined;
  /** Image with GStreamer, and TensorRT where models are to run on the card, by its digest. */
  image: string;
}

/**
 * When what restarts the agent may be done. An `up` at another time puts that off with a warning,
 * and the next one in the window makes it. A device that is new, or whose agent does not run, is
 * never put off. Default: any time.
 */
export interface MaintenanceWindow {
  /** Local time of day, such as 02:00. */
  from: string;
  /** Local time of day at which it ends; of the next day where that is before `from`. */
  to: string;
  /** Days on which it begins. Default: each. */
  days?: MaintenanceWindowDays[] | undefined;
  /** Where the times are local, such as Europe/Zurich. Default: UTC. */
  timeZone?: string | undefined;
}

/** Which declared resource a device came from. */
export interface DeviceOwner {
  /** Project and stack. */
  program: string;
  /** URN of the resource. */
  resource: string;
  /**
   * Drawn when the resource was created: it stays when the stack or the resource is renamed, and
   * differs for a resource that took the device over.
   */
  id: string;
}

/** A board that the device was on before. */
export interface FormerBoard {
  /** Where it was reached. */
  address: string;
  /** Of its SSH server. */
  port: number;
  /** Fingerprint of its SSH host key. */
  hostKey: string;
}

/** The device that runs the pipeline: `facts` of its resource. */
export interface DeviceFacts {
  /** Lower-case name, a DNS label. */
  name: string;
  /** Hardware type of the device. */
  board: BoardName;
  /** What the plan is made for. */
  module?: string | undefined;
  /** What the plan is made for. */
  jetpack?: string | undefined;
  /** What the plan warns of: libraries that are not as it takes them. */
  libraryFaults?: string[] | undefined;
  /** What the plan is made for. */
  powerMode?: string | undefined;
  /**
   * What happens when the board or device cannot be reached. error: the operation fails. skip: an
   * update is put off, with a warning, and the next `up` tries it again; creating and deleting
   * fail. forget: as error, but deleting locks the device out of the hub and forgets it, leaving on
   * the board what was installed.
   */
  onUnreachable?: UnreachablePolicy | undefined;
  /** What `uname -m` says: a decoder of a model's own must have a file for it. */
  machine?: string | undefined;
  /** Whether there is no real silicon. */
  simulated?: boolean | undefined;
  /** What the device is addressed by; scope must be of these. */
  labels?: Record<string, string> | undefined;
}

/**
 * A decoder of your own: paths of shared objects that export the C interface
 * native/decoders/decoder_abi.h, relative to the program, one for each kind of machine that is to
 * run it. Devices verify them by their digests; they run in the process of the pipeline, with its
 * rights.
 */
export interface OwnDecoder {
  /** For Jetsons, and PCs with such a processor. */
  aarch64?: string | undefined;
  /** For PCs, and for boards that are simulated on one. */
  x86_64?: string | undefined;
}

/** How pictures get into the model. Default: as its decoder's family does. */
export interface ModelInput {
  /** Of a model that leaves its width open. */
  width?: number | undefined;
  /** Of a model that leaves its height open. */
  height?: number | undefined;
  /** letterbox: at the top left. */
  fit?: ModelInputFit | undefined;
  /** Order of the colours. */
  channels?: ModelInputChannels | undefined;
  /** In samples from 0 to 255, in the order of the channels. */
  mean?: number[] | undefined;
  /** value = (sample − mean) × scale. */
  scale?: number[] | undefined;
  /** Sample around a letterbox. */
  pad?: number | undefined;
}

/** A shared object, as the hub holds it. */
export interface DecoderObject {
  /** Content address of an artifact. */
  digest: string;
  /** Size of the file. */
  sizeBytes: number;
}

/** The shared objects of decoder library, by machine, objects like the model. */
export interface DecoderObjects {
  /** A shared object, as the hub holds it. */
  aarch64?: DecoderObject | undefined;
  /** A shared object, as the hub holds it. */
  x86_64?: DecoderObject | undefined;
}

/** The calibration table for INT8, an object like the model itself. */
export interface ModelManifestCalibration {
  /** Content address of an artifact. */
  digest: string;
  /** Size of the table. */
  sizeBytes: number;
}

/** What pipelines and devices need to know of a model. */
export interface ModelManifest {
  /** Lower-case name, a DNS label. */
  name: string;
  /** Content address of an artifact. */
  digest: string;
  /** Size of the file. */
  sizeBytes: number;
  /** Class names in the model's order. */
  labels: string[];
  /**
   * How the model's outputs are read, by family: native/core/decode/README.md lists what each
   * expects. yolox is the raw head, yolox-decoded that of --decode_in_inference; yolov3 and yolov4
   * are darknet's heads, tiny ones too; yolov10 and yolo26 are end to end; classification finds the
   * whole picture; library is one of your own, which decoderLibrary names.
   */
  decoder: Decoder;
  /** The shared objects of decoder library, by machine, objects like the model. */
  decoderLibrary?: DecoderObjects | undefined;
  /** How pictures get into the model. Default: as its decoder's family does. */
  input?: ModelInput | undefined;
  /** Of darknet's heads. */
  anchors?: number[] | undefined;
  /** The calibration table for INT8, an object like the model itself. */
  calibration?: ModelManifestCalibration | undefined;
  /** ONNX nodes that compute in float32 in engines of any precision. */
  float32Nodes?: string[] | undefined;
}

/** Which pictures show something new, by their luma. */
export interface Motion {
  /**
   * Share of the picture, or of any of its regions, that must have changed, beyond the camera's
   * noise and light that changes all over it. Default: 0.001.
   */
  threshold?: number | undefined;
  /**
   * Of pictures that show nothing new, the model looks at one in so many milliseconds. Default:
   * 1000.
   */
  keepAliveMs?: number | undefined;
}

/** A part of a picture as it is shown, in shares of its width and height. */
export interface Region {
  /** Source whose pictures it is a part of. Default: all sources. */
  source?: string | undefined;
  /** Of the picture's width, from its left edge. */
  left: number;
  /** Of the picture's height, from its upper edge. */
  top: number;
  /** Of the picture's width. */
  width: number;
  /** Of the picture's height. */
  height: number;
}

/** Object detection. */
export interface Detect {
  /** Detections below this score are dropped. Default: 0.4. */
  minScore?: number | undefined;
  /** Boxes of one class that overlap more than this are merged. Default: 0.45. */
  nmsIou?: number | undefined;
  /**
   * Where the model runs on the board's silicon. Default: auto, the plan chooses by the budget and
   * says why, and the device takes its GPU. Where it has no TensorRT, or none that its agent was
   * made for, the CPU runs the model.
   */
  accelerator?: AcceleratorChoice | undefined;
  /**
   * Default: auto, FP16 where it is fast. INT8 must be asked for, and the model must hold its
   * scales (symmetric Q/DQ). The CPU runs models as they are.
   */
  precision?: PrecisionChoice | undefined;
  /**
   * What scales pictures, converts their colours and brings them into the model's input. Default:
   * auto, the backend's own where it has one, else cpu. One that the device's backend does not have
   * is refused, not replaced.
   */
  preprocess?: PreprocessChoice | undefined;
  /**
   * The model looks at every so many-th frame of each source, and the tracker tells where its
   * objects are in those between, which results mark as skipped. More than 1 needs track. Default:
   * 1, every frame.
   */
  interval?: number | undefined;
  /**
   * The model does not look at pictures that do not differ from the last one it looked at, unless
   * an object moves; results mark them as skipped, and tracks stay. Needs track. Default: it looks
   * at all.
   */
  motion?: Motion | undefined;
  /**
   * The model sees these parts of the pictures alone, each at its own resolution, and its boxes
   * come back in the whole picture: one frame with one answer. Up to 8 for each source; the model
   * runs for each. Where parts overlap, what several see counts once; let them overlap by as much
   * as the objects are wide, or what an edge cuts stays in pieces. An agent from before 29 November
   * 2026 refuses more than one of a source. Default: the whole picture.
   */
  regions?: Region[] | undefined;
  /** Manifest of the model, an output of Model. */
  model: ModelManifest;
}

/** Tracking of detections from frame to frame. */
export interface Track {
  /**
   * bytetrack also follows objects that the detector is unsure of; oc-sort finds again what was
   * hidden or turned; sort and iou (without a motion model) are the plainest and forget what two
   * frames do not show. Default: bytetrack.
   */
  algorithm?: TrackAlgorithm | undefined;
}

/**
 * A second model, which looks at what the tracker follows, cut out of the picture, in batches over
 * all sources. Its answer is kept for as long as the track and told with it. Live sources do not
 * wait for it, files do.
 */
export interface Secondary {
  /** It looks at objects of these labels of the detector. Default: all. */
  labels?: string[] | undefined;
  /** An answer below this score is not told. Of models of decoder classification. Default: 0.5. */
  minScore?: number | undefined;
  /**
   * It does not look at an object yet whose box is lower than this share of the picture's height.
   * Default: 0.05.
   */
  minHeight?: number | undefined;
  /**
   * It looks at an object again after so many milliseconds. Default: never once it has an answer.
   */
  refreshMs?: number | undefined;
  /** Manifest of a model of decoder classification or reid, an output of Model. */
  model: ModelManifest;
}

/**
 * Counts objects that cross it: in from its left to its right hand, going from `from` to `to` in
 * the picture, out the other way. An object is where the middle of its box's lower edge is.
 */
export interface Line {
  /** x and y as shares of the picture's width and height, from the top left. */
  from: number[];
  /** x and y as shares of the picture's width and height, from the top left. */
  to: number[];
  /** Source of the pipeline. Default: every source, each by itself. */
  source?: string | undefined;
  /**
   * By how much an object has to be beyond, as a share of the picture's height, so that jitter
   * counts nothing. Default: 0.01.
   */
  margin?: number | undefined;
  /** Objects of these labels of the model count. Default: all. */
  labels?: string[] | undefined;
  /** Objects count once they have had this score. Default: all that are tracked. */
  minScore?: number | undefined;
  /** Smaller boxes are as not seen; a share of the picture's area. */
  minSize?: number | undefined;
  /** Larger boxes are as not seen; a share of the picture's area. */
  maxSize?: number | undefined;
}

/** Tells which objects are in it, when they entered and left, and how long they were. */
export interface Zone {
  /** Corners in order, 3 to 64; the last is joined to the first. */
  points: number[][];
  /** Objects count once they have been in it for so many milliseconds. Default: 0. */
  minDwellMs?: number | undefined;
  /** Source of the pipeline. Default: every source, each by itself. */
  source?: string | undefined;
  /**
   * By how much an object has to be beyond, as a share of the picture's height, so that jitter
   * counts nothing. Default: 0.01.
   */
  margin?: number | undefined;
  /** Objects of these labels of the model count. Default: all. */
  labels?: string[] | undefined;
  /** Objects count once they have had this score. Default: all that are tracked. */
  minScore?: number | undefined;
  /** Smaller boxes are as not seen; a share of the picture's area. */
  minSize?: number | undefined;
  /** Larger boxes are as not seen; a share of the picture's area. */
  maxSize?: number | undefined;
}

/**
 * Lines and zones over what the tracker follows, which has to be there. Events go to the topic
 * events, counts into the statistics.
 */
export interface Analytics {
  /** By name. */
  lines?: Record<string, Line> | undefined;
  /** By name. */
  zones?: Record<string, Zone> | undefined;
  /** Between two updates of the event of an object that stays. Default: 10,000. */
  updateMs?: number | undefined;
}

/** Frames with tracks on the topic detections/<pipeline>. */
export interface MqttSink {}

/** Where results go. Default: mqtt. */
export interface Sinks {
  /** Frames with tracks on the topic detections/<pipeline>. */
  mqtt?: MqttSink | undefined;
}

/**
 * What the pipeline must achieve. A preview refuses what the board's silicon cannot give; status
 * tells when it is not met. Exceeded for five seconds, the device takes a step, and further ones:
 * the model looks at every 2nd, 3rd, 4th, 6th, 8th frame, where there is a tracker; then, for
 * latencyP95Ms alone and down to minFps, every 2nd, 3rd, 4th frame of live sources is admitted.
 * After fifteen seconds with a fifth of room it takes a step back. Events and status say so.
 */
export interface Budget {
  /** Frames a second that must leave the pipeline, of all its sources. */
  minFps?: number | undefined;
  /** Milliseconds from capture to the sinks that 95 of 100 frames keep. */
  latencyP95Ms?: number | undefined;
}

/**
 * For whom the release key signs this version, and its set: devices by name, those that bear all of
 * these labels, or all of the fleet. Pipelines of one name, content and scope on several devices
 * are then one part. The device must be among them. Default: the device alone.
 */
export interface Scope {
  /** What the devices are told by. */
  to: ScopeKind;
  /** Names of the devices. */
  devices?: string[] | undefined;
  /** Labels that each of the devices bears. */
  labels?: Record<string, string> | undefined;
}

/** A number that only grows. */
export interface PartNumber {
  /** Raised when numbers begin anew. */
  epoch: number;
  /** Grows with each version. */
  n: number;
}

/** A signed part, by content and number. */
export interface PartRef {
  /** Content address of an artifact. */
  digest: string;
  /** A number that only grows. */
  number: PartNumber;
}

/** The signed parts of a pipeline. */
export interface Released {
  /** The pipeline. */
  part: PartRef;
  /** The set of its models. */
  set: PartRef;
}

/** Which program put a pipeline on a device. */
export interface PipelineOwner {
  /** Project and stack. */
  program: string;
  /** URN of the resource. */
  resource: string;
  /**
   * Drawn when the resource is made and its own for life, as URNs change and come back; none from a
   * former version.
   */
  id?: string | undefined;
}

/** An estimate and its bounds. */
export interface Band {
  /** Lower bound of 80 %. */
  low: number;
  /** The estimate. */
  mid: number;
  /** Upper bound of 80 %. */
  high: number;
}

/** Layers per device, and the main reasons why not on DLA. */
export interface PlanLayers {
  /** Layers on a DLA. */
  dla: number;
  /** Layers on the GPU. */
  gpu: number;
  /** The main reasons why layers are not on a DLA. */
  fallbackReasons: string[];
}

/** Minutes that building the engine may take. */
export interface PlanMinutes {
  /** At least. */
  low: number;
  /** At most. */
  high: number;
}

/** What the model will do on the silicon of the device. */
export interface PlanSummary {
  /** Whether the board can run it; absent when there is no plan. */
  verdict: PlanVerdict;
  /**
   * Whether what is asked for is met; unknown when nobody can say. Absent when nothing was asked
   * for.
   */
  demand?: PlanDemand | undefined;
  /** The plan, or why there is none, in a sentence. */
  summary: string;
  /** Model that it was made for. */
  modelDigest?: string | undefined;
  /** Module that it was made for. */
  module?: string | undefined;
  /** JetPack that it was made for. */
  jetpack?: string | undefined;
  /** Power mode that it was made for. */
  powerMode?: string | undefined;
  /** gpu, dla0, dla1 or split. */
  accelerator?: string | undefined;
  /** fp32, fp16 or int8. */
  precision?: string | undefined;
  /** Pictures a second when nothing else runs, with the bounds of 80 %. */
  estimatedFps?: Band | undefined;
  /** Milliseconds from frame to result of one inference. */
  latencyMs?: Band | undefined;
  /** Memory of the engine. */
  engineMemoryBytes?: number | undefined;
  /** Layers per device, and the main reasons why not on DLA. */
  layers?: PlanLayers | undefined;
  /** Minutes that building the engine may take. */
  buildMinutes?: PlanMinutes | undefined;
  /** What to know before relying on it, such as demands that may not be met. */
  warnings?: string[] | undefined;
  /** What the estimate rests on. */
  basis: string[];
}

/** A pipeline as the device runs it. */
export interface DevicePipeline {
  /** Name on its device. */
  name: string;
  /** running when all is well. */
  state: string;
  /** Version of the pipeline and its model. */
  specDigest: string;
}

/** A pipeline. */
export interface PipelineStatus {
  /** Name on its device. */
  name: string;
  /** running when all is well. */
  state: string;
  /** Frames a second, as measured. */
  fps?: number | undefined;
}

/** A device. */
export interface DeviceStatus {
  /** Name in the fleet. */
  name: string;
  /** online, offline, silent or unknown. */
  presence: string;
  /** What it runs. */
  pipelines: PipelineStatus[];
}

/** What is wrong. */
export interface Problem {
  /** error or warning. */
  severity: string;
  /** Where it is. */
  device: string;
  /** Of which pipeline, where it is of one. */
  pipeline?: string | undefined;
  /** As in the table of error codes. */
  code: string;
  /** What was expected and what is. */
  message: string;
  /** What helps. */
  hint: string;
}
