import type * as proto from "@pulumi/pulumi/proto/provider_pb.js";
import type { CheckResponse, DiffResponse } from "@pulumi/pulumi/proto/provider_pb.js";
import { ERROR_CODES } from "../../../fleet/errors/index.ts";
import type { Checked, CheckFailure } from "../check.ts";
import { type Diff, type PropertyDiff, withoutIgnored } from "../diff.ts";
import { providerPb } from "./proto.ts";
import { encodeProperties } from "./values.ts";

export function checkResponse({ inputs, failures }: Checked): CheckResponse {
  const response = new providerPb.CheckResponse();
  response.setInputs(encodeProperties(inputs));
  response.setFailuresList(failuresOf(failures));
  return response;
}

export function failuresOf(failures: readonly CheckFailure[]): proto.CheckFailure[] {
  return failures.map(({ property, reason, code = "SPEC_INVALID", hint }) => {
    const failure = new providerPb.CheckFailure();
    failure.setProperty(property);
    failure.setReason(`${code}: ${reason}\n  next: ${hint ?? ERROR_CODES[code].hint}`);
    return failure;
  });
}

/** Always some or none, never "unknown", which would make the engine compare by itself. */
export function diffResponse(diff: Diff, ignored: readonly string[] = []): DiffResponse {
  const changes = withoutIgnored(diff.changes, ignored);
  const { DIFF_NONE, DIFF_SOME } = providerPb.DiffResponse.DiffChanges;
  const response = new providerPb.DiffResponse();
  response.setChanges(changes.length === 0 ? DIFF_NONE : DIFF_SOME);
  response.setHasdetaileddiff(true);
  for (const change of changes) {
    const detail = new providerPb.PropertyDiff();
    detail.setKind(kindOf(change));
    detail.setInputdiff(change.inputDiff);
    response.getDetaileddiffMap().set(change.path, detail);
  }
  const topLevel = (paths: PropertyDiff[]) => [
    ...new Set(paths.map(({ path }) => path.split(/[.[]/)[0] ?? path)),
  ];
  response.setDiffsList(topLevel(changes));
  response.setReplacesList(topLevel(changes.filter(({ replace }) => replace)));
  response.setDeletebeforereplace(diff.deleteBeforeReplace);
  return response;
}

function kindOf({ kind, replace }: PropertyDiff) {
  const { Kind } = providerPb.PropertyDiff;
  const kinds = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  } as const;
  return kinds[kind][replace ? 1 : 0];
}
