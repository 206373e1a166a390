"""Build the workshop as a static site, on which Python runs in the reader's browser.

    python site/build.py FOLDER              # Pyodide and matplotlib come from the public content network
    python site/build.py FOLDER --vendored   # all is in the folder: for a classroom without a network

It needs site/requirements.txt installed, Node.js with its npm, and the package registries. Serve the folder with
any web server, such as `python -m http.server --directory FOLDER`.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from jupyterlite_pyodide_kernel.constants import PYODIDE_KERNEL_PLUGIN_ID

from contents import write_contents
from packages import LOCK, PRELOADED, STANDARD_LIBRARY, NotBuiltError, call, content_network, write_packages

ROOT = Path(__file__).resolve().parents[1]
TITLE = "Handle asyncio results as they become ready"

EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "@jupyterlite/pyodide-kernel-extension")
"""What JupyterLab is extended by, from this Python's own environment."""

SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension:panel": {
        "toolbar": [
            {
                "name": "download",
                "label": "\u00a0Download my work",
                "command": "docmanager:download",
                "icon": "ui-components:download",
                "rank": 50,
            }
        ]
    },
}
"""Where they differ from JupyterLab's own."""


def configuration(vendored: bool) -> dict[str, object]:
    """Return what JupyterLite reads when a page is opened.

    Args:
        vendored: whether Pyodide is in the site's folder.
    """
    kernel = {
        "pyodideUrl": "./pyodide/pyodide.mjs" if vendored else f"{content_network()}/pyodide.mjs",
        "disablePyPIFallback": vendored,
        "loadPyodideOptions": {
            "lockFileURL": f"pyodide/{LOCK}",
            "stdLibURL": f"pyodide/{STANDARD_LIBRARY}",
            "packages": list(PRELOADED),
        },
    }
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": TITLE,
            "exposeAppInBrowser": True,
            "litePluginSettings": {PYODIDE_KERNEL_PLUGIN_ID: kernel},
        },
    }


def build(folder: Path, vendored: bool) -> None:
    """Build the site.

    Args:
        folder: where to; what is there already is overwritten.
        vendored: whether to put into it all that can be put.

    Raises:
        NotBuiltError: a program is missing, or failed.
    """
    with tempfile.TemporaryDirectory() as work:
        lite = Path(work)
        missing = write_contents(ROOT / "notebooks", lite / "contents", vendored)
        write(lite / "jupyter-lite.json", configuration(vendored))
        write(lite / "overrides.json", SETTINGS)
        extensions = Path(sys.prefix, "share", "jupyter", "labextensions")
        write(
            lite / "jupyter_lite_config.json",
            {
                "LiteBuildConfig": {
                    "apps": ["lab"],
                    "contents": [str(lite / "contents")],
                    "federated_extensions": [str(extensions / name) for name in EXTENSIONS],
                    "ignore_sys_prefix": ["federated_extensions"],
                    "no_sourcemaps": True,
                    "output_dir": str(folder.resolve()),
                }
            },
        )
        call([sys.executable, "-m", "jupyterlite_core", "build"], lite)
        write_packages(folder / "pyodide", extensions / EXTENSIONS[1], ROOT / "notebooks" / "workshop", vendored)
    for line in missing:
        print(f"  {line}")


def write(file: Path, data: object) -> None:
    """Write JSON."""
    file.write_text(json.dumps(data, indent=1), encoding="utf-8")


def main() -> int:
    """Build what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(description="Build the workshop as a static site.")
    parser.add_argument("folder", type=Path, help="where to put it")
    parser.add_argument("--vendored", action="store_true", help="put Pyodide into the folder, too")
    asked = parser.parse_args()
    began = time.monotonic()
    try:
        build(asked.folder, asked.vendored)
    except NotBuiltError as problem:
        print(f"✗ The site was not built. {problem}", file=sys.stderr)
        return 1
    files = [path for path in asked.folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    print(f"✓ {asked.folder}: {len(files)} files, {size:.0f} MB, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
