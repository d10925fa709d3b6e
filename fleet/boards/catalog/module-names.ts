import type { Module } from "./module.ts";
import { MODULES } from "./modules.ts";
import { best } from "./sourced.ts";

export type NamedModule =
  | { module: Module }
  /** Modules of a family, with what sets them apart; none for a name that nothing is called. */
  | { choices: { id: string; difference: string }[] };

/**
 * The module that somebody means: by its id; by the id of its family's first member with its own memory, such as
 * `agx-xavier-32gb`; by a family, such as `thor`, where that has one member.
 */
export function moduleByName(name: string): NamedModule {
  const wanted = name.replace(/^jetson-/, "");
  const same =
    MODULES.find(({ id }) => id === wanted) ??
    MODULES.find((one) => nameWithMemory(one) === wanted);
  if (same) return { module: same };
  const words = wanted.split("-");
  const family = MODULES.filter(({ id }) => isAmong(words, id.split("-")));
  const [only, ...others] = family;
  if (only && others.length === 0) return { module: only };
  return { choices: family.map((one) => ({ id: one.id, difference: differenceOf(one) })) };
}

function nameWithMemory({ id, memoryGb }: Module): string | null {
  const gb = best(memoryGb);
  return gb === null || /\dgb$/.test(id) ? null : `${id}-${gb}gb`;
}

/** Whether the words stand in a row among others, as `orin-nx` does in `orin-nx-8gb`. */
function isAmong(words: readonly string[], all: readonly string[]): boolean {
  return all.some((_, at) => words.every((word, place) => all[at + place] === word));
}

function differenceOf({ memoryGb, cudaCores, dlaCores }: Module): string {
  const said = (value: number | null, unit: string): string =>
    value === null ? `? ${unit}` : `${value} ${unit}`;
  const parts = [
    said(best(memoryGb), "GB"),
    said(best(cudaCores), "CUDA cores"),
    said(best(dlaCores), "DLA"),
  ];
  return parts.join(", ");
}
