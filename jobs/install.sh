#!/usr/bin/env bash
# Sees to it that what a step needs from Debian and PyPI is there:  jobs/install.sh build|test|slurm|checks|package|container|bench|fuzz ...
# Root: installs what is missing. Anybody else: names it, with the command that installs it, and exits 69.
set -euo pipefail
cd "$(dirname "$0")/.."

build_packages=(gcc libc6-dev cmake ninja-build pkg-config git openmpi-bin libopenmpi-dev libopenblas-dev
    libhdf5-openmpi-dev libyaml-dev libjansson-dev libdeflate-dev libisal-dev libzstd-dev libxxhash-dev libcurl4-openssl-dev libssl-dev tzdata)
# Parquet is optional: these are installed where that is possible, and asked of nobody.
parquet_packages=(python3-pip zlib1g-dev liblz4-dev)
# So are spreadsheets.
spreadsheet_packages=(libxlsxwriter-dev)
test_packages=(clang g++ make gdb libomp-dev valgrind libcmocka-dev libmpfr-dev libhdf5-dev openssl python3 python3-venv mandoc zsh fish
    chromium fonts-dejavu-core default-jre-headless)
checks_packages=(clang clang-format clang-tidy libomp-dev cppcheck shellcheck python3)
package_packages=(dpkg-dev file)
container_packages=(buildah podman runc conmon debootstrap)
# For tests that only root can run: asked of nobody else.
slurm_packages=(slurmctld slurmd slurm-client munge iproute2)
fuzz_packages=(clang libclang-rt-14-dev libcmocka-dev libhdf5-dev)
bench_packages=(isal zstd strace python3 python3-venv)

is_installed() {
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed* ]]
}

install_packages() {
    local missing=() package
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        {
            echo "missing packages: ${missing[*]}"
            echo "install them with: sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
        } >&2
        exit 69
    fi
    echo "installing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    local log
    log=$(mktemp)
    if ! { apt-get update && apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"; } \
        >"$log" 2>&1 </dev/null; then
        tail -n 30 "$log" >&2
        echo "apt-get could not install: ${missing[*]} (the whole output: $log)" >&2
        exit 69
    fi
    rm -f "$log"
}

# carquet, which decodes Parquet: its source from PyPI, as a static library that every build below build/ finds; and
# once more as the fuzz targets want it.
carquet_version=0.7.2
carquet_sha256=5d57c00217906e672fe8b569d8a24c6cbd6d1ab7736d56057e9b884f1a043e7d

fetch_carquet() {
    local from=$1
    printf 'carquet==%s --hash=sha256:%s\n' $carquet_version $carquet_sha256 >"$from/requirements.txt"
    python3 -m pip download --disable-pip-version-check --no-deps --no-binary carquet --require-hashes \
        -r "$from/requirements.txt" -d "$from" </dev/null
    tar -xzf "$from/carquet-$carquet_version.tar.gz" -C "$from"
}

# Nothing is fetched here: a library that is missing ends it. No OpenMP: a second runtime of another compiler would
# come along. pkg-config gives the shared libzstd, which the package file then names plainly.
compile_carquet() {
    local from=$1 to=$2
    cmake -S "$from/carquet-$carquet_version/native" -B "$from/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
        -DFETCHCONTENT_FULLY_DISCONNECTED=ON -DCMAKE_DISABLE_FIND_PACKAGE_zstd=ON \
        -DCMAKE_DISABLE_FIND_PACKAGE_OpenMP=ON -DCARQUET_ENABLE_BROTLI=OFF -DCARQUET_BUILD_CLI=OFF \
        -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_PREFIX="$to"
    cmake --build "$from/build"
    cmake --install "$from/build"
}

make_carquet() {
    local to=$PWD/$1 folder status=0
    [ "$(cat "$to/version" 2>/dev/null)" != $carquet_version ] || return 0
    folder=$(mktemp -d)
    echo "making $1 (Parquet)"
    (
        set -e
        fetch_carquet "$folder"
        rm -rf "$to"
        compile_carquet "$folder" "$to"
        echo $carquet_version >"$to/version"
    ) >"$folder/log" 2>&1 &
    wait $! || status=$?
    if [ $status != 0 ]; then
        [ -e "$to/version" ] || rm -rf "$to"
        echo "the build will be without Parquet: it needs ${parquet_packages[*]}, and PyPI or a mirror of it" \
            "($(grep -v '^ *$' "$folder/log" | tail -n 1))"
    fi
    rm -rf "$folder"
}

# make_venv VENV REQUIREMENTS: the Python side of tests (independent oracles) and measurements (the peers), apart from the
# system's own packages.
make_venv() {
    local venv=$1 wanted=$2
    if [ -x "$venv/bin/python" ] && cmp -s "$wanted" "$venv/requirements.txt"; then
        return 0
    fi
    echo "making $venv from $wanted"
    rm -rf "$venv"
    mkdir -p build
    if ! { python3 -m venv "$venv" && "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted"; }; then
        echo "could not make $venv: 'python3 -m venv' and pip with access to PyPI (or a mirror of it) are needed" >&2
        exit 69
    fi
    cp "$wanted" "$venv/requirements.txt"
}

[ $# -gt 0 ] || {
    echo "usage: jobs/install.sh build|test|slurm|checks|package|container|bench|fuzz ..." >&2
    exit 64
}
packages=()
for group in "$@"; do
    case $group in
    build)
        packages+=("${build_packages[@]}")
        [ "$(id -u)" != 0 ] || packages+=("${parquet_packages[@]}" "${spreadsheet_packages[@]}")
        ;;
    test) packages+=("${test_packages[@]}") ;;
    slurm) [ "$(id -u)" != 0 ] || packages+=("${slurm_packages[@]}") ;;
    checks) packages+=("${checks_packages[@]}") ;;
    fuzz)
        packages+=("${fuzz_packages[@]}")
        [ "$(id -u)" != 0 ] || packages+=("${parquet_packages[@]}")
        ;;
    package) packages+=("${package_packages[@]}") ;;
    container) packages+=("${container_packages[@]}") ;;
    bench) packages+=("${bench_packages[@]}") ;;
    *)
        echo "jobs/install.sh: unknown group '$group' (build, test, slurm, checks, package, container, bench or fuzz)" >&2
        exit 64
        ;;
    esac
done
if command -v dpkg-query >/dev/null; then
    mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
    install_packages "${packages[@]}"
else
    echo "not a Debian system: what is missing will be named by the build itself (the Debian names: ${packages[*]})"
fi
case " $* " in *" build "*) make_carquet build/carquet ;; esac
case " $* " in *" fuzz "*) CC=clang CFLAGS="-fsanitize=address,fuzzer-no-link" make_carquet build/carquet-fuzz ;; esac
case " $* " in *" test "*)
    make_venv build/venv tests/requirements.txt
    # Snowflake's connector comes twice: an older one that the warehouse of the tests is built on, and today's, which judges it.
    make_venv build/venv-warehouse tests/warehouse/requirements.txt
    make_venv build/venv-connector tests/warehouse/connector.txt
    # What reads models and results: engines for PMML, tables, Kedro.
    make_venv build/venv-ecosystem tests/ecosystem/requirements.txt
    ;;
esac
case " $* " in *" bench "*) make_venv build/bench-venv bench/requirements.txt ;; esac
