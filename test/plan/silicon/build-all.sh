#!/usr/bin/env bash
# Builds and measures the engines of a list, on a machine with a GPU:
#   build-all.sh JOBS FOLDER AT_ONCE SECONDS
# JOBS has lines "name model precision level tactics"; FOLDER holds inspect-engine and TensorRT's libraries, and
# gets engines/ and out/AT_ONCE/NAME.{built,measured}.json with a .log. Engines are built AT_ONCE side by side and measured
# alone afterwards; what is not built in SECONDS is left out. Graphs without weights get small random ones first.
set -uo pipefail
jobs=$(realpath "$1") folder=$(realpath "$2") at_once=$3 seconds=$4
here=$(cd "$(dirname "$0")" && pwd)
out=$folder/out/$at_once
export folder here out LD_LIBRARY_PATH=$folder CUDA_MODULE_LOADING=LAZY
mkdir -p "$folder/engines" "$folder/filled" "$out"

build() { # name model precision level tactics
  local model=$2
  if [[ $model == */networks/* ]]; then
    model=$folder/filled/$1.onnx
    python3 "$here/fill-weights.py" "$2" "$model" || return
  fi
  timeout --foreground "${JOB_SECONDS:-240}" "$folder/inspect-engine" build "$model" "$3" "$4" "$5" \
    "$folder/engines/$1.cache" "$folder/engines/$1.engine" >"$out/$1.built.json" 2>"$out/$1.log"
  echo "built $1: rc $?, $(cut -c1-200 "$out/$1.built.json")"
}
export -f build

timeout "$seconds" xargs -a "$jobs" -P "$at_once" -L 1 bash -c 'build "$@"' build
while read -r name _; do
  [[ -s $folder/engines/$name.engine ]] || continue
  timeout 60 "$folder/inspect-engine" measure "$folder/engines/$name.engine" \
    >"$out/$name.measured.json" 2>>"$out/$name.log"
  echo "measured $name: rc $?, $(grep -o '"enqueueMs":[0-9.]*' "$out/$name.measured.json")"
done <"$jobs"
