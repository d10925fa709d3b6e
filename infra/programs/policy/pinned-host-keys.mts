import type { ResourceValidationPolicy } from "@pulumi/policy";
import { z } from "zod";

const Login = z.object({ hostKey: z.string(), knownHosts: z.string() }).partial();
const Device = z.object({
  ssh: Login.extend({ jumpHosts: z.array(Login).optional() }).optional(),
});

/** The first key that is seen is taken for the board's otherwise, and so would be that of whoever answers in its place. */
export const pinnedHostKeys: ResourceValidationPolicy = {
  name: "pinned-host-keys",
  description: "A board that is reached by SSH is known by its host key before it is reached.",
  validateResource: (args, report) => {
    if (args.type !== "jetfleet:index:Device") return;
    const { ssh } = Device.parse(args.props);
    // One that is enrolled is not reached.
    if (ssh === undefined) return;
    const hosts = [ssh, ...(ssh.jumpHosts ?? [])];
    hosts.forEach(({ hostKey, knownHosts }, index) => {
      if (hostKey !== undefined || knownHosts !== undefined) return;
      const path = index === 0 ? "ssh" : `ssh.jumpHosts[${index - 1}]`;
      report(
        `Expected ${path}.hostKey or ${path}.knownHosts but got neither: ` +
          "on the host's own console, `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` shows its SHA256:… .",
      );
    });
  },
};
