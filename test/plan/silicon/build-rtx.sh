#!/usr/bin/env bash
# Builds the models of a list with TensorRT-RTX, one after another, on any x86-64 machine:
#   build-rtx.sh JOBS FOLDER
# JOBS has lines "model precision"; FOLDER holds inspect-rtx and gets rtx/MODEL-PRECISION-BOARD.json.
# Graphs without weights get small random ones first. PYTHON is one that has onnx and numpy.
set -uo pipefail
jobs=$1 folder=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
declare -A boards=([x86-t4]=75 [x86-l4]=89)
mkdir -p "$folder/rtx"

while read -r model precision; do
  name=$(basename "$model" .onnx)
  ready=$model
  if [[ $model == */networks/* ]]; then
    ready=$folder/filled.onnx
    "${PYTHON:-python3}" "$here/fill-weights.py" "$model" "$ready" || continue
  fi
  if [[ $precision == fp16 ]]; then
    "${PYTHON:-python3}" "$here/to-half.py" "$ready" "$folder/half.onnx" || continue
    ready=$folder/half.onnx
  fi
  for board in "${!boards[@]}"; do
    timeout 300 "$folder/inspect-rtx" "$ready" "${boards[$board]}" >"$folder/rtx/$name-$precision-$board.json"
    echo "$name $precision $board: rc $?"
  done
done <"$jobs"
