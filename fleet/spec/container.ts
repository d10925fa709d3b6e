import { z } from "zod";

/**
 * The registry's host, the path in it, and the digest. A host is needed, for podman asks which registry a bare name is of, and
 * a tag is not allowed, for podman takes no name with both.
 * @see `image` in containers/image's docker/reference grammar; short names in containers-registries.conf(5)
 */
const IMAGE =
  /^(?=[^/]*[.:]|localhost\/)[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::\d{1,5})?(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*){1,16}@sha256:[0-9a-f]{64}$/;

/** The system's libraries of a PC, from an image in place of its own. */
export const DeviceContainer = z
  .strictObject({
    runtime: z.enum(["docker", "podman"]).default("docker").meta({
      title: "ContainerRuntime",
      description:
        "What starts the containers: docker with NVIDIA's runtime, or podman 4.1 or later with NVIDIA's CDI specification.",
    }),
    image: z
      .string()
      .max(512)
      .regex(IMAGE, {
        error:
          "must be REGISTRY/NAME@sha256:… without a tag, such as nvcr.io/nvidia/deepstream@sha256:…",
      })
      .meta({
        description:
          "Image with GStreamer, and TensorRT where models are to run on the card, by its digest.",
      }),
  })
  .meta({
    title: "DeviceContainer",
    description: "What a PC's agent and runners run in, in place of straight under its system.",
  });
export type DeviceContainer = z.infer<typeof DeviceContainer>;
