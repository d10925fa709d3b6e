import type { FleetView } from "../../fleet/view/index.ts";
import { wrap } from "./columns.ts";
import { type Column, table } from "./table.ts";

/**
 * What somebody beside the devices knows of a fleet, ready to be shown with it; the demo's truth of its simulated
 * camera is one. Data only, so that it can go into the console's bundle.
 */
export interface Overlay {
  /** Names `data` in `status --json`. */
  name: string;
  data: unknown;
  /** Said in place of the table; null when there are figures. */
  absence: { text: string; tone: "faint" | "warn" } | null;
  /** Of the table; the first column names the pipeline. */
  columns: readonly Column[];
  /** Columns beside a pipeline's own figures; the wide ones where there is room. */
  cells: readonly { title: string; wide: boolean }[];
  pipelines: readonly OverlayRows[];
  /** Below the table. */
  note: string;
}

export interface OverlayRows {
  device: string;
  pipeline: string;
  /** Of the table. The first sums the pipeline up; whoever shows it puts a title into its first cell. */
  rows: readonly (readonly string[])[];
  cells: readonly string[];
  /** Said in place of the rows where they would be empty; null when there are figures. */
  nothing: string | null;
}

/** Lays something over every view of a fleet while it is watched. */
export interface OverlaySource {
  overlay(view: FleetView): Overlay;
  /** Calls `listener` when there may be something new. */
  onChange(listener: () => void): () => void;
  close(): void;
}

/** A view with what is laid over it. */
export interface Shown extends FleetView {
  overlay?: Overlay | null;
}

export function overlayRows(
  { overlay }: Shown,
  device: string,
  pipeline: string,
): OverlayRows | null {
  const isOwn = (one: OverlayRows): boolean => one.device === device && one.pipeline === pipeline;
  return overlay?.pipelines.find(isOwn) ?? null;
}

export function titledRows({ rows }: OverlayRows, title: string): string[][] {
  return rows.map((cells, at) => (at === 0 ? [title, ...cells.slice(1)] : [...cells]));
}

/** The section of `jetfleet status`; nothing where nothing is laid over. */
export function overlaySection(
  { overlay }: Shown,
  width: number,
): { head: string; rest: string[] } | null {
  if (!overlay) return null;
  if (overlay.absence) return { head: "", rest: wrap(overlay.absence.text, width) };
  const rows = overlay.pipelines.flatMap((one) => titledRows(one, `${one.device}/${one.pipeline}`));
  const [head = "", ...lines] = table(overlay.columns, rows, width);
  return { head, rest: [...lines, ...wrap(overlay.note, width)] };
}

/** What `--json` prints: the view alone, or with what is laid over it under its name. */
export function jsonAnswer({ overlay, ...view }: Shown): object {
  return overlay ? { ...view, overlays: { [overlay.name]: overlay.data } } : view;
}
