import { z } from "zod";

/** A box in pixels of the source picture: left, top, width, height; may reach over the edge. */
export const Box = z.tuple([z.number(), z.number(), z.number(), z.number()]);
