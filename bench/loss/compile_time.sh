#!/usr/bin/env bash
# How long the loss header takes to compile beside Eigen/Core, medians of interleaved runs: compile_time.sh [compiler …]
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=7

milliseconds() { # compiler, header
  local start end
  start=$(date +%s%N)
  echo "#include <$2>" | "$1" -std=c++20 -O2 -c -x c++ -I include -isystem /usr/include/eigen3 -o /dev/null -
  end=$(date +%s%N)
  echo $(( (end - start) / 1000000 ))
}
median() { sort -n | sed -n "$(( (rounds + 1) / 2 ))p"; }

for compiler in "${@:-c++}"; do
  eigen=() loss=()
  for (( i = 0; i < rounds; ++i )); do
    eigen+=("$(milliseconds "$compiler" Eigen/Core)")
    loss+=("$(milliseconds "$compiler" preflearn/loss.hpp)")
  done
  a=$(printf '%s\n' "${eigen[@]}" | median) b=$(printf '%s\n' "${loss[@]}" | median)
  echo "$compiler: Eigen/Core $a ms, preflearn/loss.hpp $b ms, ratio $(( b * 100 / a )) %"
done
