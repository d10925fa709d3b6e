import type { DetectedFrame } from "../contract/index.ts";

/**
 * A frame's objects as a file of KITTI's object benchmark with scores: a line for each, 16 columns. What a detector of
 * boxes does not know stands as in that benchmark's own files: truncated and occluded -1, alpha -10, sizes -1, place
 * -1000, turn -10. Boxes are left, top, right, bottom in pixels of the picture, and may reach over its edge.
 */
export function kittiText({ detections }: DetectedFrame): string {
  return detections
    .map(({ label, score, box: [left, top, width, height] }) => {
      const box = [left, top, left + width, top + height].map((each) => each.toFixed(2));
      const unknown = "-1 -1 -1 -1000 -1000 -1000 -10";
      return `${column(label)} -1 -1 -10 ${box.join(" ")} ${unknown} ${score.toFixed(4)}\n`;
    })
    .join("");
}

/** Columns are parted by blanks. */
function column(label: string): string {
  return label.replaceAll(/\s+/g, "_");
}

/** "000042.txt": by the number that travels with the picture where there is one, else by the order of frames. */
export function kittiName({ sourceFrame, index }: DetectedFrame): string {
  return `${String(sourceFrame ?? index).padStart(6, "0")}.txt`;
}
