import { describe, expect, it } from "vitest";
import {
  CARD_FIELDS,
  type CardField,
  cardQuery,
  parseCardLine,
  tellsFigures,
  withoutName,
} from "../../fleet/boards/index.ts";
import { CardStats, Cards, CardTrouble } from "../../fleet/contract/index.ts";

/** Captured: an H200 under driver 580.159.04, idle, asked as the agent asks, by nobody in particular. */
const H200 =
  "0, GPU-7ed2bc90-319d-f9e1-ed83-5f92c18ff1b1, 00000000:00:06.0, 0, 0, 0, 0, 143771, 35, 77.18, " +
  "700.00, 345, 1980, 3201, 0x0000000000000001, NVIDIA H200";

function cardOf(line: string, fields: readonly CardField[] = CARD_FIELDS): CardStats {
  const parsed = parseCardLine(line, fields);
  if (parsed?.line !== "card") throw new Error(`no card: ${JSON.stringify(parsed)}`);
  return CardStats.parse(parsed.card);
}

/** A row of these cells, and of the captured one's others. */
function rowWith(cells: Partial<Record<CardField["key"], string>>): string {
  const captured = H200.split(", ");
  return CARD_FIELDS.map(({ key }, at) => cells[key] ?? captured[at]).join(", ");
}

describe("a row of nvidia-smi", () => {
  it("is a card with its figures in our units", () => {
    expect(cardOf(H200)).toEqual({
      index: 0,
      uuid: "GPU-7ed2bc90-319d-f9e1-ed83-5f92c18ff1b1",
      busId: "00000000:00:06.0",
      name: "NVIDIA H200",
      gpuPercent: 0,
      decoderPercent: 0,
      encoderPercent: 0,
      memoryUsedBytes: 0,
      memoryTotalBytes: 143771 * 2 ** 20,
      temperatureCelsius: 35,
      powerMilliwatts: 77180,
      powerLimitMilliwatts: 700_000,
      clockMhz: 345,
      clockLimitMhz: 1980,
      memoryClockMhz: 3201,
      clockReasons: ["gpu_idle"],
      fault: null,
    });
  });

  // "[N/A]": an H200's fan, captured, and a GB10's memory; "[Not Supported]": drivers before 500; the others: reports below.
  it.each([
    "[N/A]",
    "N/A",
    "[Not Supported]",
    "[Unknown Error]",
    "[Insufficient Permissions]",
    "ERR!",
    "",
    "-1",
    "nan",
    "1e9",
    "0x10",
    "99999999999999999999",
    "12 W",
  ])("has no figure where %j stands for it, and above all no zero", (cell) => {
    for (const { key } of CARD_FIELDS) {
      if (["index", "uuid", "busId", "name", "clockReasons"].includes(key)) continue;
      const card = cardOf(rowWith({ [key]: cell }));
      expect(card[key], key).toBeNull();
      expect(card.fault).toBeNull();
    }
  });

  it("has no figure that such a thing cannot have", () => {
    expect(cardOf(rowWith({ gpuPercent: "101" })).gpuPercent).toBeNull();
    expect(cardOf(rowWith({ temperatureCelsius: "511" })).temperatureCelsius).toBeNull();
    expect(cardOf(rowWith({ powerMilliwatts: "123456789" })).powerMilliwatts).toBeNull();
  });

  it("knows no clock's reasons rather than none, and tells a bit without a name", () => {
    expect(cardOf(rowWith({ clockReasons: "[N/A]" })).clockReasons).toBeNull();
    expect(cardOf(rowWith({ clockReasons: "0x0000000000000000" })).clockReasons).toEqual([]);
    expect(cardOf(rowWith({ clockReasons: "0x0000000000000804" })).clockReasons).toEqual([
      "sw_power_cap",
      "reason_11",
    ]);
    expect(cardOf(rowWith({ clockReasons: "0x8000000000000000" })).clockReasons).toEqual([
      "reason_63",
    ]);
  });

  // The words that stand in the cells of a card that fell off the bus, or hangs (NVIDIA/open-gpu-kernel-modules issues).
  it.each(["GPU is lost", "GPU requires reset"])("says why it tells nothing: %s", (words) => {
    const cells = { gpuPercent: `[${words}]`, powerMilliwatts: `[${words}]` };
    expect(cardOf(rowWith(cells))).toMatchObject({ gpuPercent: null, fault: words });
  });

  it("takes a name with commas and brackets whole, and no name for one", () => {
    expect(cardOf(rowWith({ name: "NVIDIA GPU, test [A], B" })).name).toBe(
      "NVIDIA GPU, test [A], B",
    );
    expect(cardOf(rowWith({ name: "[Unknown Error]" })).name).toBeNull();
  });

  it("tells nothing of a card of whose figures none is known", () => {
    const unknown = Object.fromEntries(CARD_FIELDS.map(({ key }) => [key, "[Unknown Error]"]));
    expect(tellsFigures(cardOf(rowWith({ ...unknown, index: "0" })))).toBe(false);
    expect(tellsFigures(cardOf(H200))).toBe(true);
  });

  it("cannot steer the terminal of who reads of it", () => {
    const { name } = cardOf(rowWith({ name: "\u001b[2JNVIDIA\u202e" }));
    expect(name).toBe("\ufffd[2JNVIDIA\ufffd");
  });

  it.each([
    ["cut off", H200.slice(0, 120)],
    ["too short by one", H200.slice(0, H200.lastIndexOf(","))],
    ["of no card", rowWith({ index: "[Unknown Error]" })],
    ["of half a card", rowWith({ index: "0.5" })],
    ["of a card that no PC has", rowWith({ index: "99999" })],
    ["of the units that were not asked for", rowWith({ index: "index" })],
  ])("is none when %s", (_, line) => {
    expect(parseCardLine(line, CARD_FIELDS)).toMatchObject({ line: "other" });
  });

  it("is held to a length, whatever is sent", () => {
    const parsed = parseCardLine(rowWith({ name: "x".repeat(100_000) }), CARD_FIELDS);
    const cards = parsed?.line === "card" ? [parsed.card] : [];
    expect(Cards.parse({ cards, trouble: null }).cards[0]?.name).toHaveLength(128);
    const other = parseCardLine("y".repeat(100_000), CARD_FIELDS);
    expect(other?.line === "other" && other.says.length).toBe(400);
  });
});

describe("a sentence of the driver", () => {
  it.each([
    // Captured on driver 580.159.04, with its library hidden (exit 12), and with a card that is not there (exit 6).
    [
      "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure that the NVIDIA Display Driver is properly installed and present in your system.",
      "no-library",
    ],
    ["No devices were found", "no-cards"],
    // As users quote them in public issues: exit 9, 18, 255, 255, 15, 0 beside the rows of the other cards.
    [
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
      "no-driver",
    ],
    ["Failed to initialize NVML: Driver/library version mismatch", "version-mismatch"],
    ["Failed to initialize NVML: Unknown Error", "no-access"],
    ["Failed to initialize NVML: GPU access blocked by the operating system", "no-access"],
    ["Failed to initialize NVML: Driver Not Loaded", "no-driver"],
    // NVIDIA/nvidia-docker#1553, pdbear/syno_nvidia_gpu_driver#22, JosephKJ/OWOD#81
    ["Unable to determine the device handle for GPU 0000:09:00.0: Unknown Error", "card-lost"],
    ["Unable to determine the device handle for GPU0000:07:00.0: Unknown Error", "card-lost"],
    [
      "Unable to determine the device handle for GPU 0000:02:00.0: GPU is lost.  Reboot the system to recover this GPU",
      "card-lost",
    ],
  ])("%s: %s", (line, kind) => {
    const parsed = parseCardLine(`${line}\r`, CARD_FIELDS);
    expect(parsed).toEqual({ line: "trouble", trouble: { kind, says: line } });
  });

  it("of a kind that only a newer agent knows is trouble all the same", () => {
    expect(CardTrouble.parse({ kind: "on-fire", says: "smoke" }).kind).toBe("unknown");
  });
});

describe("the fields that are asked for", () => {
  const names = (fields: readonly CardField[]) => cardQuery(fields)[0]?.split(/[=,]/).slice(1);

  it("take the name that a driver of another generation has, and go without what it lacks", () => {
    // Captured on 580.159.04 of a name that there is not: exit 2, on standard output.
    const refused = (name: string) =>
      parseCardLine(`Field "${name}" is not a valid field to query.`, CARD_FIELDS);
    const newest = "clocks_event_reasons.active";
    expect(refused(newest)).toEqual({ line: "unknown-field", name: newest });
    const older = withoutName(CARD_FIELDS, newest) ?? [];
    expect(names(older)).toContain("clocks_throttle_reasons.active");
    const oldest = withoutName(older, "utilization.decoder") ?? [];
    expect(names(oldest)).not.toContain("utilization.decoder");
    const cells = H200.split(", ").filter((_, at) => CARD_FIELDS[at]?.key !== "decoderPercent");
    expect(cardOf(cells.join(", "), oldest)).toMatchObject({
      decoderPercent: null,
      encoderPercent: 0,
      clockReasons: ["gpu_idle"],
      name: "NVIDIA H200",
    });
  });

  it("end where nothing is left that belongs to a card", () => {
    expect(withoutName(CARD_FIELDS, "index")).toBeNull();
    expect(withoutName(CARD_FIELDS, "something.else")).toBeNull();
  });
});
