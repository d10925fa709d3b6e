import { z } from "zod";

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
type Day = (typeof DAYS)[number];

const Time = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, { error: "must be a time of day such as 02:30" });

/** Hours of the week in which a board may be disturbed. */
export const MaintenanceWindow = z
  .strictObject({
    from: Time.meta({ description: "Local time of day, such as 02:00." }),
    to: Time.meta({
      description:
        "Local time of day at which it ends; of the next day where that is before `from`.",
    }),
    days: z
      .array(z.enum(DAYS))
      .min(1)
      .optional()
      .meta({ description: "Days on which it begins. Default: each." }),
    timeZone: z
      .string()
      .refine(isTimeZone, { error: "must be a time zone such as Europe/Zurich or UTC" })
      .optional()
      .meta({ description: "Where the times are local, such as Europe/Zurich. Default: UTC." }),
  })
  .refine(({ from, to }) => from !== to, {
    error: "must end at another time than it begins; leave it out where any time will do",
    path: ["to"],
  })
  .meta({
    title: "MaintenanceWindow",
    description:
      "When what restarts the agent may be done. An `up` at another time puts that off with a warning, and the next one in " +
      "the window makes it. A device that is new, or whose agent does not run, is never put off. Default: any time.",
  });
export type MaintenanceWindow = z.infer<typeof MaintenanceWindow>;

/** When it opens next, such as `sat 02:00 (Europe/Zurich)`; null while it is open. */
export function opensNext(window: MaintenanceWindow, nowMs: number): string | null {
  const { from, to, days = DAYS, timeZone = "UTC" } = window;
  const now = localTime(nowMs, timeZone);
  const length = (minutesOf(to) - minutesOf(from) + DAY_MINUTES) % DAY_MINUTES;
  const starts = days.map((day) => DAYS.indexOf(day) * DAY_MINUTES + minutesOf(from));
  const isOpen = starts.some((start) => since(start, now) < length);
  if (isOpen) return null;
  const [next = 0] = [...starts].sort((a, b) => since(now, a) - since(now, b));
  return `${DAYS[Math.floor(next / DAY_MINUTES)]} ${from} (${timeZone})`;
}

const DAY_MINUTES = 24 * 60;

/** Minutes of a week from one time of it to a later one. */
function since(earlier: number, later: number): number {
  const week = 7 * DAY_MINUTES;
  return (later - earlier + week) % week;
}

/** Minutes since the beginning of Sunday, by the clocks of that zone. */
function localTime(atMs: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  }).formatToParts(atMs);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  const day = DAYS.indexOf(part("weekday").toLowerCase() as Day);
  return day * DAY_MINUTES + minutesOf(`${part("hour")}:${part("minute")}`);
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return 60 * hours + minutes;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
