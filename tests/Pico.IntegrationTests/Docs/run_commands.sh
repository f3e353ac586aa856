#!/usr/bin/env bash
# Runs what a page says, one command after the other, as it stands there. Sourced by a script of `step`s that DocumentedCommandsTests makes, in a network namespace of its own.
set -um # each command in the background has a process group of its own
logs=$PWD/.logs
mkdir -p "$logs"
staying=()
count=0

fail() {
  echo "$1" >&2
  tail -n 20 "$log" >&2
  exit 1
}

# until TEXT CONDITION...: waits for 3 minutes at the most, and no longer than what was started runs
until_() {
  local what=$1 end=$((SECONDS + 180))
  shift
  until "$@"; do
    kill -0 "$started" 2>/dev/null || fail "$where: ended before $what: $command"
    [[ $SECONDS -lt $end ]] || fail "$where: not within 3 minutes: $what: $command"
    sleep 0.1
  done
}

is_ready() { curl -sf -o "$logs/ready" localhost:8003/ready; }
has_said() { grep -qs "$1" "$log"; }

stop_all() {
  local process end=$((SECONDS + 60))
  for process in ${staying[@]+"${staying[@]}"}; do
    kill -- "-$process"
  done 2>/dev/null
  for process in ${staying[@]+"${staying[@]}"}; do
    wait "$process"
    while kill -0 -- "-$process" && [[ $SECONDS -lt $end ]]; do
      sleep 0.1 # it drains
    done
  done 2>/dev/null
  staying=()
}

# start: runs $command in the background
start() {
  eval "$command" >"$log" 2>&1 &
  started=$!
  staying+=("$started")
}

# step WHERE KIND COMMAND
step() {
  where=$1 kind=$2 command=$3
  count=$((count + 1))
  log=$logs/$count
  case $kind in
    server) # a new one takes the ports of the one before
      stop_all
      start
      until_ 'it is ready' is_ready
      ;;
    agent) start; until_ 'it has registered' has_said 'Registered ' ;;
    forward) start; until_ 'it listens' has_said 'Forwarding ' ;;
    watch) start; until_ 'it says something' has_said . ;;
    fails) # as the page shows
      eval "$command" >"$log" 2>&1 && fail "$where: should fail: $command" ;;
    *)
      eval "$command" >"$log" 2>&1 || fail "$where: exit code $?: $command"
      [[ $command != curl* || -s $log ]] || fail "$where: no answer: $command"
      ;;
  esac
  echo "$where: $command"
}
