#!/usr/bin/env bash
# A sweep over numbers of clusters, submitted: what prepare leaves, an array of fits over it, and the job that compares them.
#   jobs/sweep.sh DIR KS JOB.yml [WORD ...]        jobs/sweep.sh runs/sweep 2-12 conf/rees46.yml --set features.list=rfm-behaviour
# SBATCH_WORDS has options of sbatch for the first two ("--nodes=2 --time=60"); SBATCH_ACCOUNT and SBATCH_PARTITION, which sbatch itself
# knows, hold for all. Where one job has time for all k, `cluster.k: 2-12` does the same in one run.
set -euo pipefail
[ $# -ge 3 ] || {
    echo "usage: $0 DIR KS JOB.yml [WORD ...]    (KS: 2-12, or 4,6,8)" >&2
    exit 64
}
here=$(cd "$(dirname "$0")" && pwd)
dir=$1 ks=$2 job=$3
shift 3
read -ra more <<<"${SBATCH_WORDS:-}"

mkdir -p "$dir"
submit() {
    sbatch --parsable --kill-on-invalid-dep=yes "${more[@]}" "$@" | cut -d ';' -f 1
}
# What has been submitted goes again when the rest cannot be.
submitted=()
trap '[ ${#submitted[@]} -eq 0 ] || scancel "${submitted[@]}"' EXIT
prepared=$(submit "$here/prepare.sbatch" "$job" "$@" --set "output.dir=$dir/prepared")
submitted+=("$prepared")
fits=$(submit --dependency=afterok:"$prepared" --array="$ks" "$here/sweep.sbatch" "$dir" "$job" "$@")
submitted+=("$fits")
gathered=$(sbatch --parsable --dependency=afterany:"$fits" "$here/gather.sbatch" "$dir" "$ks" | cut -d ';' -f 1)
submitted=()
echo "jobs $prepared (prepare), $fits (the fits), $gathered (what compares them: $dir/sweep.csv and $dir/best)"
