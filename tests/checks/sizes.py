#!/usr/bin/env python3
"""Functions and files stay small enough to read:  sizes.py [ROOT]

A function runs from the first line of its signature to its closing brace. clang-format puts both braces of a function
alone in the first column, and nothing else there, so no parser is needed.
"""
import pathlib
import re
import sys

MAX_FUNCTION_LINES, MAX_FILE_LINES, MAX_PARAMETERS = 70, 500, 7


def find_functions(lines):
    """(name, first line, number of lines, number of parameters) of each function."""
    start = None
    for i, line in enumerate(lines):
        if line == "{":
            start = i
        elif line == "}" and start is not None:
            first = start
            while first > 0 and lines[first - 1].strip() and not re.match(r"[}#/*]|.*[;/]$", lines[first - 1]):
                first -= 1
            signature = " ".join(lines[first:start])
            yield *read_signature(signature), first, i - first + 1
            start = None


def read_signature(signature):
    signature = re.sub(r"/\*.*?\*/|__attribute__\s*\(\(.*?\)\)", " ", signature)
    match = re.search(r"(\w+)\s*\((.*)\)", signature)
    if not match:
        return signature.strip(), 0
    depth, count = 0, 1
    for c in match.group(2):
        depth += (c == "(") - (c == ")")
        count += c == "," and depth == 0
    return match.group(1), 0 if match.group(2).strip() in ("", "void") else count


def check_file(root, path, sizes):
    where = path.relative_to(root)
    lines = path.read_text().splitlines()
    if len(lines) > MAX_FILE_LINES:
        yield f"{where}: {len(lines)} lines, the ceiling is {MAX_FILE_LINES}"
    if path.suffix != ".c":
        return
    for name, n_parameters, first, n_lines in find_functions(lines):
        if where.parts[0] != "tests":
            sizes.append(n_lines)
        if n_lines > MAX_FUNCTION_LINES:
            yield f"{where}:{first + 1}: {name} has {n_lines} lines, the ceiling is {MAX_FUNCTION_LINES}"
        if n_parameters > MAX_PARAMETERS:
            yield f"{where}:{first + 1}: {name} has {n_parameters} parameters, the ceiling is {MAX_PARAMETERS}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    files = sorted(p for folder in ("src", "include", "bench", "tests", "jobs")
                   for p in (root / folder).rglob("*") if p.suffix in (".c", ".h", ".py", ".sh"))
    sizes = []
    problems = [problem for path in files for problem in check_file(root, path, sizes)]
    print("\n".join(problems), end="\n" if problems else "")
    if sizes:
        sizes.sort()
        print(f"sizes: {len(files)} files, {len(sizes)} functions; lines: median {sizes[len(sizes) // 2]}, "
              f"95th percentile {sizes[len(sizes) * 95 // 100]}, longest {sizes[-1]}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
