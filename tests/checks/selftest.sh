#!/usr/bin/env bash
# Each static check passes a small sound project and fails one that breaks its rule.
# shellcheck disable=SC2016 # the samples are to be written as they stand
set -euo pipefail
checks=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# A project of two modules that every check accepts.
make_project() {
    rm -rf "$folder/project"
    mkdir -p "$folder"/project/{src/base,src/comm,include/rfmpi,jobs,.ci,build/ci}
    cd "$folder/project"
    cp "$checks/../../.clang-format" "$checks/../../.clang-tidy" .
    echo 'foreach(module base comm)' >CMakeLists.txt
    echo 'rfm_module(base SOURCES sum.c)' >src/base/CMakeLists.txt
    echo 'rfm_module(comm SOURCES talk.c LINKS base)' >src/comm/CMakeLists.txt
    printf 'int rfm_sum(int a, int b);\n' >include/rfmpi/base.h
    printf '#include "rfmpi/base.h"\n\nint rfm_sum(int a, int b)\n{\n    return a + b;\n}\n' >src/base/sum.c
    printf '#include "rfmpi/base.h"\n\nint rfm_talk(void);\n\nint rfm_talk(void)\n{\n    return rfm_sum(1, 2);\n}\n' >src/comm/talk.c
    printf '#!/usr/bin/env bash\nset -eu\necho "$1"\n' >jobs/start.sh
    cp jobs/start.sh .ci/run
    cat >build/ci/compile_commands.json <<JSON
[{"directory": "$PWD", "file": "src/base/sum.c", "command": "cc -Iinclude -c src/base/sum.c"}]
JSON
}

expect() {
    local wanted=$1 check=$2 what=$3 status=0
    "$checks/$check" "$folder/project" >"$folder/output" 2>&1 || status=$?
    case $wanted-$status in
    pass-0 | fail-[1-9]*) return 0 ;;
    esac
    echo "selftest: $check should $wanted: $what (exit $status)" >&2
    sed 's/^/    /' "$folder/output" >&2
    failures=$((failures + 1))
}

# breaks CHECK WHAT FILE TEXT: with TEXT appended to FILE, CHECK has to fail.
breaks() {
    make_project
    printf '%b' "$4" >>"$3"
    expect fail "$1" "$2"
}

make_project
for check in format.sh shellcheck.sh words.sh layers.py sizes.py cppcheck.sh tidy.sh; do
    expect pass $check "a sound project"
done

breaks format.sh "a brace on the line of the signature" src/base/sum.c '\nint f(void) {\n    return 1;\n}\n'
breaks shellcheck.sh "an unquoted variable" jobs/start.sh 'rm $1\n'
breaks shellcheck.sh "an unquoted variable in .ci/run" .ci/run 'rm $1\n'
breaks shellcheck.sh "an unquoted variable in a batch script" jobs/start.sbatch '#!/usr/bin/env bash\nrm $1\n'
breaks words.sh "a mark of unfinished work" src/base/sum.c '/* TO''DO: more */\n'
breaks words.sh "a word of unfinished work" jobs/start.sh '# good enough for ''now\n'
breaks words.sh "a path on one machine" jobs/start.sh 'cat /ho''me/me/x\n'
breaks layers.py "a private path into another module" src/base/sum.c '#include "../comm/talk.h"\n'
breaks layers.py "an include upwards" src/base/sum.c '#include "rfmpi/comm.h"\n'
breaks layers.py "an include upwards from a public header" include/rfmpi/base.h '#include "rfmpi/comm.h"\n'
breaks layers.py "a link upwards" src/base/CMakeLists.txt 'rfm_module(base SOURCES a.c LINKS comm)\n'
breaks layers.py "MPI outside its door" src/base/sum.c '#include <mpi.h>\n'
breaks sizes.py "a file of more than 500 lines" src/base/sum.c "$(printf '\\n%.0s' {1..500})"
breaks sizes.py "a function of more than 70 lines" src/base/sum.c "int f(void)\n{\n$(printf '    g();\\n%.0s' {1..70})}\n"
breaks sizes.py "eight parameters" src/base/sum.c \
    'int f(int a, int b, int c, int d,\n      int e, int (*g)(int, int), int h, int i)\n{\n    return a;\n}\n'
breaks cppcheck.sh "a read past the end" src/base/sum.c 'int f(void)\n{\n    int a[2] = {0};\n    return a[2];\n}\n'
breaks tidy.sh "a null pointer followed" src/base/sum.c 'int f(void)\n{\n    int *p = 0;\n    return *p;\n}\n'

# One file of a module is the door to BLAS; a second one is not.
make_project
echo 'foreach(module base comm kmeans)' >CMakeLists.txt
mkdir src/kmeans
echo 'rfm_module(kmeans SOURCES a.c b.c LINKS base)' >src/kmeans/CMakeLists.txt
echo '#include <cblas.h>' >src/kmeans/a.c
expect pass layers.py "one file with BLAS"
cp src/kmeans/a.c src/kmeans/b.c
expect fail layers.py "two files with BLAS"

[ $failures -eq 0 ] || exit 1
echo "selftest: every check passes a sound project and fails a broken one"
