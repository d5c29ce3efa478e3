#!/usr/bin/env bash
# Reads one partition with kcat and jq, for scripts and for looking around. kcat commits the position of a group before anybody has done
# anything with a record, so this keeps a position of its own, and writes it after the effect.
#
# usage: BROKERS=localhost:9092 TOPIC=events.order.placed FOLDER=orders PARTITION=0 consume-orders.sh
#
# The effect is a file for each event, FOLDER/events/<hash of source and id>: it is there once, however often the event comes. What is no
# event is a file FOLDER/aside/<partition>-<offset>.
set -euo pipefail

folder=${FOLDER:-orders}
partition=${PARTITION:-0}
position=$folder/position.$partition
records=$folder/records.$partition
mkdir -p "$folder/events" "$folder/aside"
rm -f "$records"
mkfifo "$records"

kcat -C -q -u -J -b "${BROKERS:-localhost:9092}" -t "${TOPIC:-events.order.placed}" -p "$partition" \
  -o "$(cat "$position" 2>/dev/null || echo beginning)" >"$records" &
reader=$!
trap 'kill "$reader" 2>/dev/null || true' TERM INT EXIT

# Offset, type, source and id as JSON text (on one line, whatever they hold), and the data.
fields='(.headers as $h | [range(0; $h | length; 2) as $i | {($h[$i]): $h[$i + 1]}] | add) as $e
  | [(.offset | tostring), ($e.ce_type | tojson), ([$e.ce_source, $e.ce_id] | tojson), (.payload // "" | gsub("[\\n\\t]"; " "))] | join("\t")'

while IFS=$'\t' read -r offset type identity data; do
  if [[ $identity == *null* && $type == null ]]; then # no CloudEvent
    printf '%s\n' "$data" >"$folder/aside/$partition-$offset"
  elif [[ $type == '"order.placed"' ]]; then # not source.progressed, which says how far the stream is known
    name=$(printf %s "$identity" | sha256sum)
    printf '%s\n' "$data" >"$folder/new.$partition"
    mv -n "$folder/new.$partition" "$folder/events/${name%% *}" # -n: a repeat changes nothing
  fi
  echo $((offset + 1)) >"$position.new"
  mv "$position.new" "$position"
done < <(exec jq --unbuffered -r "$fields" <"$records")
