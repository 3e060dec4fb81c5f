#!/usr/bin/env bash
# All that needs no GPU, inside one SLURM job: a fit takes seconds, a SLURM job of its own about five more.
#
#   snakemake all_representations --workflow-profile profiles/slurm --configfile study.yaml
#   sbatch --cpus-per-task=32 --mem=64G --time=4:00:00 profiles/allocation/run.sh --configfile study.yaml
#
# Arguments go to snakemake: targets first, since --configfile takes all names that follow it. Submit from the folder in
# which the study runs.
#SBATCH --job-name=thinkalike
#SBATCH --output=thinkalike-%j.log
set -euo pipefail
cores=${SLURM_CPUS_PER_TASK:?submit this with sbatch --cpus-per-task=N}
memory=${SLURM_MEM_PER_NODE:-$((${SLURM_MEM_PER_CPU:-2000} * cores))}
profile=${THINKALIKE_PROFILE:-profiles/allocation}
# Snakemake keeps copies of its files in the home's cache; where the home cannot be written to, here.
[ -w "${HOME:-/}" ] || export XDG_CACHE_HOME="${XDG_CACHE_HOME:-$PWD/.snakemake/cache}"
# --cores comes last: unlike --resources it leaves the names that follow it alone.
exec snakemake --executor local --workflow-profile "$profile" --resources mem_mb="$memory" --cores "$cores" "$@"
