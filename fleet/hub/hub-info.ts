import { z } from "zod";
import { EpochMs, Name } from "../spec/index.ts";
import { Text } from "../text/index.ts";

/** Content of `hub.json`: where a hub that was started can be reached, and the ports it will ask for next time. */
export const HubRecord = z.object({
  pid: z.number().int().positive(),
  fleet: Name,
  httpUrl: z.url(),
  mqttUrl: z.url(),
  /** Where boards are enrolled; absent from a hub of a former version. */
  enrolUrl: z.url().optional(),
  startedAtMs: EpochMs,
});
export type HubRecord = z.infer<typeof HubRecord>;

/** Answer of `GET /info`. */
export const HubInfo = z.object({
  service: z.literal("jetfleet-hub"),
  fleet: Name,
  contract: z.number().int().positive(),
  mqttUrl: z.url(),
  enrolUrl: z.url().optional(),
  version: Text,
});
export type HubInfo = z.infer<typeof HubInfo>;

/** Answer of `GET /certificate`: how long the certificate of who asks may still wait for its renewal. */
export const CertificateState = z.object({
  serial: z.string(),
  renewInMs: z.number().nonnegative(),
});
export type CertificateState = z.infer<typeof CertificateState>;

/** Body of every HTTP answer that is not a success. */
export const HttpProblem = z.object({ code: Text, message: Text, hint: Text });
export type HttpProblem = z.infer<typeof HttpProblem>;

/** Answer of `GET /devices`. */
export const DeviceList = z.object({
  devices: z.array(z.object({ name: z.string(), retained: z.array(z.string()) })),
});
export type DeviceList = z.infer<typeof DeviceList>;
