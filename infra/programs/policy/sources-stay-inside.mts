import { BlockList, isIPv4 } from "node:net";
import type { ResourceValidationPolicy } from "@pulumi/policy";
import { z } from "zod";

const Pipeline = z.object({ sources: z.record(z.string(), z.object({ uri: z.string() })) });
const Settings = z.object({
  networks: z.array(z.string()).default(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]),
});

/** RTSP is plain text, pictures and password alike: it may cross the site's own network and no other. */
export const sourcesStayInside: ResourceValidationPolicy = {
  name: "sources-stay-inside",
  description: "A camera is in the site's network, or is reached by rtsps://.",
  configSchema: {
    properties: {
      networks: {
        type: "array",
        items: { type: "string" },
        description: "IPv4 networks of the sites, such as 10.20.0.0/16. Default: the private ones.",
      },
    },
  },
  validateResource: (args, report) => {
    if (args.type !== "jetfleet:index:Pipeline") return;
    const { networks } = Settings.parse(args.getConfig());
    const inside = networksOf(networks);
    for (const [name, { uri }] of Object.entries(Pipeline.parse(args.props).sources)) {
      const { protocol, hostname } = new URL(uri);
      if (protocol !== "rtsp:") continue;
      if (isIPv4(hostname) && inside.check(hostname)) continue;
      // The host alone: what stands before it may be a password.
      report(
        `Expected sources.${name}.uri in ${networks.join(", ")} or with rtsps:// but got rtsp://${hostname}: ` +
          "give the camera's address there, or turn TLS on at the camera and write rtsps://.",
      );
    }
  },
};

function networksOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    list.addSubnet(address, Number(bits ?? 32), "ipv4");
  }
  return list;
}
