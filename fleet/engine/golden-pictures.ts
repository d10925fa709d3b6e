import { createHash } from "node:crypto";

/** Packed RGB bytes, height × width × 3. */
export interface Picture {
  rgb: Uint8Array;
  width: number;
  height: number;
}

const [WIDTH, HEIGHT] = [384, 288];
const PICTURES = 2;
const SHAPES = 28;

/**
 * The pictures that every engine of a model is tried on, made of the model's digest: the same on each device, without a
 * byte that travels. Upright bodies with heads and flat boxes of all sizes on a graded ground, with some noise: much
 * for a detector to be unsure of, which is where engines that differ give different answers.
 */
export function goldenPictures(model: string): Picture[] {
  return Array.from({ length: PICTURES }, (_, at) => draw(randomOf(`${model} ${at}`)));
}

type Random = () => number;

function draw(random: Random): Picture {
  const rgb = new Uint8Array(WIDTH * HEIGHT * 3);
  const [from, to] = [colour(random), colour(random)];
  for (let y = 0; y < HEIGHT; y += 1) {
    const share = y / (HEIGHT - 1);
    const row = from.map((value, channel) => value * (1 - share) + (to[channel] ?? 0) * share);
    for (let at = y * WIDTH * 3; at < (y + 1) * WIDTH * 3; at += 1) {
      rgb[at] = clamp((row[at % 3] ?? 0) + 16 * (random() - 0.5));
    }
  }
  for (let shape = 0; shape < SHAPES; shape += 1) drawShape(rgb, random, shape % 2 === 0);
  return { rgb, width: WIDTH, height: HEIGHT };
}

function drawShape(rgb: Uint8Array, random: Random, isUpright: boolean): void {
  const size = 16 + 80 * random() ** 2;
  const [width, height] = isUpright ? [size * 0.42, size] : [size * 1.6, size * 0.7];
  const [left, top] = [random() * (WIDTH - width), random() * (HEIGHT - height)];
  const [body, head] = [colour(random), colour(random)];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const inHead = y < height * 0.22;
      // Heads are narrower than bodies, windows than the boxes below them.
      if (inHead && Math.abs(x - width / 2) > width * 0.3) continue;
      const at = 3 * (Math.floor(top + y) * WIDTH + Math.floor(left + x));
      const from = inHead ? head : body;
      for (let channel = 0; channel < 3; channel += 1) rgb[at + channel] = from[channel] ?? 0;
    }
  }
}

function colour(random: Random): number[] {
  return [random(), random(), random()].map((value) => Math.floor(256 * value));
}

function clamp(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}

/** Numbers in [0, 1), the same for the same seed: Marsaglia's xorshift of 32 bits (Journal of Statistical Software 8, 14). */
function randomOf(seed: string): Random {
  let state = createHash("sha256").update(seed).digest().readUInt32LE(0) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
