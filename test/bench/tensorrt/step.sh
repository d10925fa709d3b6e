# Of `run` and `study`, which set BENCH and `work`.

# step NUMBER-NAME LIMIT ARGUMENTS…: one JSON object into a file of its own.
step() {
  local name=$1 limit=$2 start code text; shift 2
  start=$(date +%s.%N)
  text=$(set -o pipefail; timeout -k 5 "$limit" "$BENCH" "$@" 2>"$work/steps/$name.log" | tail -1)
  code=$?
  [[ $text == \{*\} ]] || text="{\"failed\":\"ended with $code, limit $limit s: $(tail -c 300 "$work/steps/$name.log" | tr -c '[:alnum:] ._:/()-' ' ')\"}"
  printf '{"step":"%s","tookSeconds":%.2f,"result":%s}\n' "${name#*-}" "$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN{print b-a}')" "$text" \
    | tee "$work/steps/$name.json"
}
export -f step

# write_steps NAME MORE: all steps as one JSON object; MORE are further members.
write_steps() {
  printf '{"name":"%s","date":"%s","driver":"%s",%s,"steps":[\n' "$1" "$(date -u +%FT%TZ)" \
    "$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -1)" "$2"
  (cd "$work/steps" && find . -name '*.json' | sort | xargs -d '\n' sed -s '$ s/$/,/' | sed '$ s/,$//')
  printf ']}\n'
}
