import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CONTAINER_FILE,
  CONTAINER_FOLDER,
  type ContainerState,
  type Engine,
  IMAGE_FOLDER,
} from "../container-files.ts";
import { runContainer } from "./container-run.ts";

// docker and podman of a simulated PC, called with their own name as first argument. Images are names without files: what
// runs "in" one is this machine's. What they say is docker's (28.2) and podman's (4.3) own wording, as printed or quoted.

const [engine, ...words] = process.argv.slice(2) as [Engine, ...string[]];
const state = fs.readFileSync(CONTAINER_FILE, "utf8").trim() as ContainerState;
const VERSIONS = { docker: "28.2.2", podman: "4.3.1" };
const OLD = { docker: "19.03.13", podman: "3.4.4" };
const LAYER_MS = 150;
const LAYERS = ["6414378b6477", "1f0b0d9f9b5c", "a8d5ce1c2f4e", "c2c68a8f9d11"];

function end(code: number, stdout = "", stderr = ""): never {
  if (stdout !== "") fs.writeSync(1, `${stdout}\n`);
  if (stderr !== "") fs.writeSync(2, `${stderr}\n`);
  process.exit(code);
}

/** Docker is nothing without its daemon, podman has none. */
function requireDaemon(): void {
  if (engine === "docker" && state === "daemon-down")
    end(
      1,
      "",
      "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    );
}

function imageFile(image: string): string {
  return `${IMAGE_FOLDER}/${engine}-${encodeURIComponent(image)}`;
}

const options = (name: string) =>
  words.flatMap((word, index) => (word === name ? [words[index + 1] ?? ""] : []));
const last = words.at(-1) ?? "";

async function pull(image: string): Promise<never> {
  const layers = `${imageFile(image)}.layers`;
  const had = fs.existsSync(layers) ? Number(fs.readFileSync(layers, "utf8")) : 0;
  const say = (text: string) => fs.writeSync(1, `${text}\n`);
  fs.mkdirSync(IMAGE_FOLDER, { recursive: true });
  if (engine === "podman") say(`Trying to pull ${image}...`);
  for (const [index, layer] of LAYERS.entries()) {
    if (engine === "docker")
      say(`${layer}: ${index < had ? "Already exists" : "Pulling fs layer"}`);
  }
  for (const [index, layer] of LAYERS.entries()) {
    if (index < had) continue;
    await sleep(LAYER_MS);
    if (index === 2 && state === "pull-breaks") {
      fs.writeFileSync(layers, "2");
      end(
        1,
        "",
        "error pulling image configuration: download failed after attempts=6: net/http: TLS handshake timeout",
      );
    }
    if (index === 2 && state === "disk-full")
      end(
        1,
        "",
        "failed to register layer: write /usr/lib/x86_64-linux-gnu/libnvinfer.so.10: no space left on device",
      );
    say(engine === "docker" ? `${layer}: Pull complete` : `Copying blob sha256:${layer}`);
  }
  fs.rmSync(layers, { force: true });
  fs.writeFileSync(
    imageFile(image),
    state === "other-architecture" ? "linux/arm64" : "linux/amd64",
  );
  end(
    0,
    engine === "docker"
      ? `Status: Downloaded newer image for ${image}`
      : "Writing manifest to image destination",
  );
}

function inspectImage(): never {
  if (!fs.existsSync(imageFile(last)))
    end(
      1,
      "",
      engine === "docker"
        ? `Error response from daemon: No such image: ${last}`
        : `Error: inspecting object: ${last}: image not known`,
    );
  end(0, fs.readFileSync(imageFile(last), "utf8"));
}

interface Container {
  id: string;
  part: string;
  image: string;
  pid: number;
}

function containers(): [string, Container][] {
  if (!fs.existsSync(CONTAINER_FOLDER)) return [];
  return fs
    .readdirSync(CONTAINER_FOLDER)
    .map((name) => [
      name,
      JSON.parse(fs.readFileSync(`${CONTAINER_FOLDER}/${name}`, "utf8")) as Container,
    ]);
}

function inspectContainer(): never {
  const [, found] = containers().find(([name]) => name === last) ?? [];
  if (!found) end(1, "", `Error: No such container: ${last}`);
  const [format = ""] = options("--format");
  end(0, format.replace(/\{\{index .Config.Labels "[^"]*"\}\}/, found.part));
}

function remove(): never {
  const [name, found] = containers().find(([one, { id }]) => one === last || id === last) ?? [];
  if (!found) end(1, "", `Error: No such container: ${last}`);
  try {
    process.kill(-found.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
  fs.rmSync(`${CONTAINER_FOLDER}/${name}`, { force: true });
  end(0, last);
}

function removeImage(): never {
  const user = containers().find(([, { image }]) => image === last);
  if (user)
    end(
      1,
      "",
      `Error response from daemon: conflict: unable to remove repository reference "${last}" (must force) - container ${user[1].id} is using its referenced image`,
    );
  if (!fs.existsSync(imageFile(last)))
    end(1, "", `Error response from daemon: No such image: ${last}`);
  fs.rmSync(imageFile(last));
  end(0, `Untagged: ${last}`);
}

async function main(): Promise<void> {
  const version = (state === "old" ? OLD : VERSIONS)[engine];
  const [verb = "", object = ""] = words;
  if (verb === "--version")
    end(
      0,
      engine === "docker"
        ? `Docker version ${version}, build e6534b4`
        : `podman version ${version}`,
    );
  requireDaemon();
  switch (verb) {
    case "info":
      if (engine === "podman") end(0, "crun");
      return end(
        0,
        JSON.stringify({
          ...(state !== "no-nvidia" && { nvidia: { path: "nvidia-container-runtime" } }),
          runc: { path: "runc" },
        }),
      );
    case "pull":
      return await pull(last);
    case "image":
      if (object === "inspect") return inspectImage();
      break;
    case "container":
      if (object === "inspect") return inspectContainer();
      break;
    case "ps":
      return end(
        0,
        containers()
          .filter(([, { part }]) => part !== "")
          .map(([, { id }]) => id)
          .join("\n"),
      );
    case "rm":
      return remove();
    case "rmi":
      return removeImage();
    case "run":
      return await runContainer(engine, words.slice(1), state, (image) =>
        fs.existsSync(imageFile(image)),
      );
  }
  end(1, "", `${engine}: '${words.join(" ")}' is not simulated`);
}

await main();
