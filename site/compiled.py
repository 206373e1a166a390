"""Puts compiled modules into the archives in /site, beside their sources: in a browser, to compile them takes seconds.

It is run by the Python that is to import them, for only that one can compile for itself: see in_pyodide.mjs. Compiled
is what is imported before the first cell has run, and what cells import; all there is would be three times as much.
"""

import importlib
import marshal
import sys
import zipfile
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

SITE = Path("/site")

NAMES = ["workshop", "aiohttp.web", "aiolimiter", "aiometer", "aiostream", "httpx", "tqdm.auto"]
NAMES += ["tarfile", "ipywidgets", "piplite.piplite", "IPython.core.logger", "bdb", "pyodide_kernel"]
"""What is imported: by cells, and by the kernel. (That is the last, for it hides what an error says.)"""

STANDARD_LIBRARY, PACKAGES = "/lib/python314.zip", "/lib/python3.14/site-packages"
"""Where Pyodide has the one, as it comes, and unpacks the others."""

HEAD = MAGIC_NUMBER + bytes([1, 0, 0, 0]) + bytes(8)
"""How a compiled module begins that is not compared with its source."""

archives = {SITE / "python_stdlib.zip": STANDARD_LIBRARY} | dict.fromkeys(SITE.glob("*.whl"), PACKAGES)
for archive, place in archives.items():
    if place == PACKAGES:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(place)
for name in NAMES:
    importlib.import_module(name)
modules = {getattr(module, "__file__", None): module for module in sys.modules.values()}

for archive, place in archives.items():
    with zipfile.ZipFile(archive, "a") as packed:
        for name in packed.namelist():
            if module := modules.get(f"{place}/{name}"):
                code = HEAD + marshal.dumps(module.__spec__.loader.get_code(module.__spec__.name))
                beside = f"{name}c" if place == STANDARD_LIBRARY else cache_from_source(name)
                packed.writestr(zipfile.ZipInfo(beside), code, zipfile.ZIP_DEFLATED)
