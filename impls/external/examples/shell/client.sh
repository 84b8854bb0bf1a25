# A whole contestant (see ../../PROTOCOL.md) in Bash, in which curl makes the calls. To be copied.
# Each run has a curl of its own: it makes 300 calls at once at most, and its connections end with it.

bodies=$(mktemp -d) # a file for each call
trap 'rm -r "$bodies"' EXIT

# Sets a variable to what $line, some JSON, has under the same name.
take() {
  [[ $line =~ \"$1\":\ *\"?([^,\"}]*) ]] && printf -v "$1" %s "${BASH_REMATCH[1]}"
}

# Sets a variable to the time since the run began, in ns. EPOCHREALTIME has six digits behind its point.
now() {
  printf -v "$1" %s "$((${EPOCHREALTIME/[.,]/}000 - began))"
}

# Makes all calls, with more options for curl. It says a line about each on its standard error, which keeps none back.
make_calls() {
  local url status exit_code finished started
  local options=(--silent --no-progress-meter --parallel --parallel-immediate --parallel-max 300 --output "$bodies/#1")
  [[ $connection == per_call ]] && options+=(--header "Connection: close")
  now started
  while read -r url status exit_code; do
    now finished
    url=${url##*/}
    ended[${url%\?*}]="$started $finished $status $exit_code"
  done < <(curl "${options[@]}" "$@" --write-out '%{stderr}%{url} %{http_code} %{exitcode}\n' \
    "http://$host:$port/runs/$run/calls/[0-$((calls - 1))]?attempt=0" 2>&1 >/dev/null)
}

write_records() {
  local id started finished status exit_code verdict answer
  for id in "${!ended[@]}"; do
    read -r started finished status exit_code <<<"${ended[id]}"
    verdict=transport_error answer=0
    ((exit_code == 28)) && verdict=timed_out
    ((exit_code == 0)) && read -r -N 16 answer <"$bodies/$id" && verdict=http_error
    ((exit_code == 0 && status < 300)) && verdict=ok
    ((exit_code == 0)) || status=0
    echo "call $id 0 $started $finished 1 $verdict $status $answer"
  done
}

while read -r line; do
  began=${EPOCHREALTIME/[.,]/}000
  take "do"
  case $do in
  hello)
    versions="Bash $BASH_VERSION, $(curl --version | head -1 | cut -d' ' -f1,2)"
    echo '{"hello":"shell_example","protocol":1,"versions":"'"$versions"'",' \
      '"workloads":["gather","all_settled","timeout"]}'
    ;;
  prepare)
    for key in host port connection connections; do take $key; done
    if ((connections > 0)); then
      echo "curl keeps no connections from one run to the next" >&2
      exit 77
    fi
    echo '{"ready":true}'
    ;;
  run)
    for key in workload run calls deadline_ns watchdog; do take $key; done
    [[ $watchdog == true ]] && echo "it makes no heartbeat" >&2 && exit 77
    ended=()
    if [[ $workload == timeout ]]; then
      make_calls --max-time "$((deadline_ns / 1000000))e-3"
    else
      make_calls
    fi
    echo '{"done":true}'
    ;;
  report)
    take path
    write_records >"$path"
    echo '{"written":true}'
    ;;
  esac
done
