/** In how many parts the model looks at pictures, each by itself; 1: at the whole of them. */
export interface PictureParts {
  /** Over the pictures of all cameras. */
  average: number;
  /** Of the camera that has most. */
  most: number;
}

export const WHOLE: PictureParts = { average: 1, most: 1 };

/** Of cameras that send so many pictures a second; one of which nobody said it counts as the others do on average. */
export function pictureParts(
  cameras: readonly { parts: number; fps?: number | undefined }[],
): PictureParts {
  if (cameras.length === 0) return WHOLE;
  const known = cameras.flatMap(({ fps }) => (fps === undefined ? [] : [fps]));
  const usual = known.length > 0 ? sum(known) / known.length : 1;
  const rates = cameras.map(({ fps }) => fps ?? usual);
  const looks = cameras.map(({ parts }, n) => parts * (rates[n] ?? 0));
  return {
    average: sum(rates) > 0 ? sum(looks) / sum(rates) : 1,
    most: Math.max(...cameras.map(({ parts }) => parts)),
  };
}

/** That a picture takes one after the other, by a model that takes so many at once. */
export function inferencesOf({ most }: PictureParts, batch: number): number {
  return Math.ceil(most / batch);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
