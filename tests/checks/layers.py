#!/usr/bin/env python3
"""Arrows point down only, and each outside library has one door:  layers.py [ROOT]

The order of modules is the list in the top CMakeLists.txt, lowest first; what a module may see is its LINKS, followed
downwards. Both are read from the CMake files, so there is no second list to keep.
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.M)

# header: (which files may include it, how many files of one module at most)
DOORS = {
    "mpi.h": (r"src/comm/.*|include/rfmpi\.h", None),
    "hdf5.h": (r"src/hdf5/.*", None),
    "cblas.h": (r"src/kmeans/.*", 1),
    "yaml.h": (r"src/config/.*", None),
    "curl/curl.h": (r"src/upload/.*", 1),
    "xxhash.h": (r"src/base/hash\.c", 1),
    "libdeflate.h": (r"src/.*", 1),
    "isa-l.h": (r"src/.*", 1),
    "zstd.h": (r"src/.*", 1),
    "xlsxwriter.h": (r"src/store/.*", 1),
    "carquet/carquet.h": (r"src/(ingest|store)/.*", 1),
}


def read_order(root):
    text = (root / "CMakeLists.txt").read_text()
    match = re.search(r"foreach\(module ([^)]*)\)", text)
    if not match:
        sys.exit("layers: CMakeLists.txt has no foreach(module ...) list")
    return match.group(1).split()


def read_links(root, order):
    links = {}
    for module in order:
        path = root / "src" / module / "CMakeLists.txt"
        if not path.exists():
            continue
        text = re.sub(r"#.*", "", path.read_text())
        calls = re.findall(r"rfm_module\(([^)]*)\)", text)
        below = [word for call in calls for word in call.partition("LINKS")[2].split()]
        links[module] = [word for word in below if word in order]
    return links


def close(links):
    """What each module sees: itself and all below it."""
    def below(module):
        seen = {module}
        for link in links.get(module, []):
            seen |= below(link)
        return seen
    return {module: below(module) for module in links}


def check_links(order, links):
    for module, below in links.items():
        for link in below:
            if order.index(link) >= order.index(module):
                yield f"src/{module}/CMakeLists.txt: links {link}, which is not below it"


def check_include(where, name, module, sees):
    if name.startswith("rfmpi/"):
        other = name[len("rfmpi/"):-len(".h")]
        if other not in sees:
            yield f"{where}: includes {name}, but {module} does not link {other}"
    elif ".." in name or re.match(r"(\./)?(src|include)/", name):
        yield f"{where}: includes {name}; a private header is for its own folder"


def check_doors(where, name, module, users):
    if name not in DOORS:
        return
    allowed, limit = DOORS[name]
    if not re.fullmatch(allowed, str(where)):
        yield f"{where}: includes {name}, which is for {allowed}"
    users.setdefault((name, module), set()).add(str(where))
    if limit and len(users[name, module]) > limit:
        yield f"{where}: a second file of {module} includes {name}: {sorted(users[name, module])}"


def check_sources(root, order, links):
    sees_all, users = close(links), {}
    files = sorted((root / "src").rglob("*.[ch]")) + sorted((root / "include").rglob("*.h"))
    for path in files:
        where = path.relative_to(root)
        public = where.parts[0] == "include"
        module = where.stem if public else where.parts[1]
        if module in order:
            sees = sees_all.get(module, {module} | set(order[:order.index(module)]))
        else:
            sees = set(order) | {module}  # src/main.c
        for name in INCLUDE.findall(path.read_text()):
            yield from check_include(where, name, module, sees)
            yield from check_doors(where, name, module, users)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    order = read_order(root)
    links = read_links(root, order)
    problems = [*check_links(order, links), *check_sources(root, order, links)]
    print("\n".join(problems) if problems else f"layers: {len(links)} modules, arrows point down")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
