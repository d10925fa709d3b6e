import { z } from "zod";
import { EpochMs, Name } from "../spec/index.ts";

/** Content of `hub.json`: where a hub that was started can be reached, and the ports it will ask for next time. */
export const HubRecord = z.object({
  pid: z.number().int().positive(),
  fleet: Name,
  httpUrl: z.url(),
  mqttUrl: z.url(),
  startedAtMs: EpochMs,
});
export type HubRecord = z.infer<typeof HubRecord>;

/** Answer of `GET /info`, which needs no credentials. */
export const HubInfo = z.object({
  service: z.literal("jetfleet-hub"),
  fleet: Name,
  contract: z.number().int().positive(),
  mqttUrl: z.url(),
  version: z.string(),
});
export type HubInfo = z.infer<typeof HubInfo>;

/** A user name and its password, as in `operator.json`. */
export const Credentials = z.object({ username: z.string().min(1), password: z.string().min(1) });
export type Credentials = z.infer<typeof Credentials>;

/** Body of every HTTP answer that is not a success. */
export const HttpProblem = z.object({ code: z.string(), message: z.string(), hint: z.string() });
export type HttpProblem = z.infer<typeof HttpProblem>;

/** Answer of `GET /devices`. */
export const DeviceList = z.object({
  devices: z.array(z.object({ name: z.string(), retained: z.array(z.string()) })),
});
export type DeviceList = z.infer<typeof DeviceList>;
