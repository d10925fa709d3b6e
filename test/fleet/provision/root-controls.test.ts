import { spawnSync } from "node:child_process";
import { lstatSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CONF, NVPMODEL, RootHarness } from "./root-harness.ts";

/**
 * Does with its files what NVIDIA's script of L4T 32 to 36 does with the kernel's: shows, stores unless the file is there,
 * and restores. `stuck` keeps the lowest clock where it is.
 */
const JETSON_CLOCKS = `file=$2
case "$1" in
  --show)
    echo "SOC family:tegra186  Machine:quill"
    echo "cpu0: Online=1 Governor=schedutil MinFreq=$(cat @/cpu.min) MaxFreq=2035200 CurrentFreq=345600 IdleStates: C1=1 c7=1 "
    echo "cpu1: Online=0 Governor=schedutil MinFreq=345600 MaxFreq=2035200 CurrentFreq=345600 IdleStates: C1=1 c7=1 "
    echo "GPU MinFreq=$(cat @/gpu.min) MaxFreq=$(cat @/gpu.max) CurrentFreq=114"
    echo "EMC MinFreq=40800000 MaxFreq=1866000000 CurrentFreq=1866000000 FreqOverride=0"
    echo "Fan: speed=0" ;;
  --store)
    if [ -e "$file" ]; then echo "File $file already exists. Can I overwrite it? Y/N:"; read answer; exit 1; fi
    for one in cpu.min gpu.min; do echo "@/$one:$(cat @/$one)"; done > "$file" ;;
  --restore)
    echo restored >> @/calls
    [ -e "$file" ] || { echo "Error: $file file not found !"; exit 1; }
    while IFS=: read -r path value; do echo "$value" > "$path"; done < "$file" ;;
  '')
    echo held >> @/calls
    [ ! -e @/stuck ] || { echo "Error: Failed to max GPU frequency!"; exit 0; }
    echo 2035200 > @/cpu.min; cat @/gpu.max > @/gpu.min ;;
esac
`;

let board: RootHarness;
beforeEach(() => {
  board = new RootHarness();
  board.write("nvpmodel.conf", CONF);
  board.write("mode", "MAXN\n");
  board.tool("nvpmodel", NVPMODEL);
});
afterEach(() => board.dispose());

describe("clocks, by the piece that has root's rights", () => {
  const afterBoot = () => {
    board.write("cpu.min", "345600\n");
    board.write("gpu.min", "114\n");
  };
  beforeEach(() => {
    board.tool("jetson_clocks", JETSON_CLOCKS);
    board.write("gpu.max", "1300\n");
    afterBoot();
  });

  test("go to the top, and back to what they were", () => {
    expect(board.ask("clocks")).toBe("ok dynamic\n");
    expect(board.ask("clocks", "max")).toBe("ok max\n");
    expect(board.read("gpu.min")).toBe("1300\n");
    expect(board.ask("clocks", "max")).toBe("ok max\n");
    expect(board.ask("restore-clocks")).toBe("ok dynamic\n");
    expect([board.read("gpu.min"), board.has("former-clocks")]).toEqual(["114\n", false]);
    expect(board.ask("restore-clocks")).toBe("ok dynamic\n");
  });

  test("go to the top again at boots, where they are to be there", () => {
    expect(board.ask("boot")).toBe("ok nothing is held\n");
    board.ask("clocks", "max");
    afterBoot();
    expect(board.ask("boot")).toBe("ok max\n");
    board.ask("clocks", "dynamic");
    expect(board.ask("boot")).toBe("ok nothing is held\n");
  });

  test("are held anew in another power mode, and its own come back", () => {
    board.ask("clocks", "max");
    expect(board.ask("power-mode", "MAXQ")).toBe("ok MAXQ\n");
    expect([board.read("gpu.min"), board.ask("clocks")]).toEqual(["850\n", "ok max\n"]);
    expect(board.ask("restore-power-mode")).toBe("ok MAXN\n");
    expect([board.read("gpu.min"), board.ask("clocks")]).toEqual(["1300\n", "ok max\n"]);
    expect(board.ask("power-mode", "REBOOTS")).toMatch(
      /^refused POWER_MODE nvpmodel stays in MAXN/,
    );
    expect(board.ask("clocks")).toBe("ok max\n");
    expect(board.ask("restore-clocks")).toBe("ok dynamic\n");
    expect(board.read("gpu.min")).toBe("114\n");
  });

  test("that somebody else took to the top are left there when they are given back", () => {
    board.write("cpu.min", "2035200\n");
    board.write("gpu.min", "1300\n");
    expect(board.ask("clocks", "max")).toBe("ok max\n");
    expect(board.ask("restore-clocks")).toBe("ok max\n");
    expect(board.ask("clocks", "dynamic")).toMatch(/^refused CLOCKS something else holds them/);
  });

  test("that do not go to the top are refused with what jetson_clocks says, and nothing is held", () => {
    board.write("stuck", "");
    expect(board.ask("clocks", "max")).toBe(
      "refused CLOCKS they stay dynamic: Error: Failed to max GPU frequency! \n",
    );
    expect([board.has("former-clocks"), board.ask("boot")]).toEqual([
      false,
      "ok nothing is held\n",
    ]);
  });

  test("of a board without jetson_clocks are not touched", () => {
    board.tool("jetson_clocks", "exit 1");
    expect(board.ask("clocks")).toBe("ok unknown\n");
    expect(board.ask("clocks", "max")).toMatch(/^refused CLOCKS jetson_clocks does not say/);
    expect(board.ask("clocks", "fast")).toBe("refused USAGE max or dynamic expected\n");
    expect(board.ask("clocks", "max", "max")).toMatch(/^refused USAGE 1 arguments/);
    expect(board.ask("restore-clocks", "max")).toMatch(/^refused USAGE 0 arguments/);
    expect([board.read("calls"), board.has("former-clocks")]).toEqual(["", false]);
  });
});

/** As units of L4T 35 have it: a link to the module's own file. */
const FAN_CONF = `<FAN 1>
\tFAN_PROFILE cool {
\t\t0\t0\t255\t4000
\t}
\tFAN_PROFILE quiet {
\t\t0\t0\t176\t2750
\t}
\tFAN_DEFAULT_CONTROL close_loop
\tFAN_DEFAULT_PROFILE quiet
\tFAN_DEFAULT_GOVERNOR cont
`;
/** The service takes its status file's word before its configuration's, and keeps it there. */
const NVFANCONTROL = `[ -e @/running ] || exit 1
cat @/fan-status`;
const SYSTEMCTL = `echo "$1" >> @/calls
case "$1" in
  stop) rm -f @/running ;;
  start)
    : > @/running
    [ -e @/fan-status ] || sed -n 's/.*FAN_DEFAULT_PROFILE /FAN1:FAN_PROFILE:/p' @/nvfancontrol.conf > @/fan-status ;;
esac`;

describe("the fan's profile, by the piece that has root's rights", () => {
  const modern = (conf = FAN_CONF) => {
    board.write("module.conf", conf);
    board.tool("link", "ln -sf module.conf @/nvfancontrol.conf");
    board.tool("nvfancontrol", NVFANCONTROL);
    board.tool("systemctl", SYSTEMCTL);
    spawnTool("link");
    spawnTool("systemctl", "start");
    board.remove("calls");
  };
  const spawnTool = (name: string, ...args: string[]) =>
    spawnSync(board.file(name), args, { encoding: "utf8" });

  test("is set where nvfancontrol is, in the file that the link leads to, and put back", () => {
    modern();
    expect(board.ask("fan-profile")).toBe("ok quiet\n");
    expect(board.ask("fan-profile", "cool")).toBe("ok cool\n");
    expect(board.read("module.conf")).toBe(FAN_CONF.replace("PROFILE quiet\n", "PROFILE cool\n"));
    expect(lstatSync(board.file("nvfancontrol.conf")).isSymbolicLink()).toBe(true);
    expect(board.read("calls")).toBe("stop\nstart\n");
    expect(board.ask("fan-profile", "cool")).toBe("ok cool\n");
    expect(board.read("calls")).toBe("stop\nstart\n");
    expect(board.ask("restore-fan-profile")).toBe("ok quiet\n");
    expect([board.read("module.conf"), board.has("former-fan-profile")]).toEqual([FAN_CONF, false]);
  });

  test("is set by nvpmodel before, where the board has a fan mode", () => {
    expect(board.ask("fan-profile", "cool")).toBe("refused FAN this board has no fan profiles\n");
    board.write("fan", "quiet\n");
    expect(board.ask("fan-profile", "cool")).toBe("ok cool\n");
    expect(board.ask("fan-profile", "loud")).toBe(
      "refused FAN expected one of cool quiet but got loud\n",
    );
    expect(board.ask("restore-fan-profile")).toBe("ok quiet\n");
    expect(board.read("calls")).toBe("fan cool\nfan quiet\n");
  });

  test("is not set where fans are in several, for they could not be put back", () => {
    modern();
    board.write("fan-status", "FAN1:FAN_PROFILE:quiet\nFAN2:FAN_PROFILE:cool\n");
    expect(board.ask("fan-profile", "cool")).toBe(
      "refused FAN it is not told which profile the fan is in\n",
    );
    expect(board.read("calls")).toBe("");
  });

  test("that is gone from the board is said, and the fan left as it is", () => {
    modern();
    board.ask("fan-profile", "cool");
    board.write("module.conf", FAN_CONF.replace("FAN_PROFILE quiet {", "FAN_PROFILE calm {"));
    expect(board.ask("restore-fan-profile")).toBe(
      "gone the board has no fan profile quiet any more and stays in cool\n",
    );
    expect(board.has("former-fan-profile")).toBe(false);
  });

  test.each(["", "-d", "$(touch x)", "cool\nquiet", "c".repeat(100_000)])("refuses %j", (name) => {
    board.write("fan", "quiet\n");
    expect(board.ask("fan-profile", name)).toMatch(/^refused USAGE a profile's name expected/);
    expect(board.read("calls")).toBe("");
  });
});
