import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHANNELS, type ChannelName, parseTopic, topic } from "../../../fleet/contract/index.ts";

const name = fc.stringMatching(/^[a-z0-9]{1,20}$/);
const channel = fc.constantFrom(...(Object.keys(CHANNELS) as ChannelName[]));

describe("topics", () => {
  it("are read back into the parts they were made of", () => {
    fc.assert(
      fc.property(name, name, channel, name, (fleet, device, channelName, pipeline) => {
        const detail = channelName === "detections" ? pipeline : undefined;
        expect(parseTopic(topic(fleet, device, channelName, detail))).toEqual({
          fleet,
          device,
          channel: channelName,
          detail: detail ?? null,
        });
      }),
    );
  });

  it.each([
    "",
    "jetfleet",
    "jetfleet/v1",
    "jetfleet/v1/shop/door",
    "jetfleet/v2/shop/door/stats",
    "jetfleet/v1/shop/door/constructor",
    "jetfleet/v1/shop/door/stats/extra",
    "jetfleet/v1/shop/door/detections",
    "jetfleet/v1/shop/door/detections/a/b",
    "jetfleet/v1//door/stats",
    "other/v1/shop/door/stats",
    "jetfleet/v1/shop/../stats",
    "jetfleet/v1/shop/Door/stats",
    "jetfleet/v1/sh\u001b[2Jop/door/stats",
    "jetfleet/v1/shop/door/detections/\u001b]52;c;aGk=\u0007",
    "jetfleet/v1/shop/door/detections/$SYS",
    "jetfleet/v1/shop/door/detections/",
  ])("outside the contract are not mistaken for one of its own: %j", (text) => {
    expect(parseTopic(text)).toBeNull();
  });
});
