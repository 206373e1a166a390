"""An IPython extension: names the file of a cell after its content.

By default the name holds the kernel's process id, which shows wherever Python prints where some code stands. With names
that are the same in every run such outputs can be stored.
"""

from zlib import crc32

from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Name the cells of this kernel `<cell 1a2b3c4d>`."""

    def name(raw_code: str, transformed_code: str, number: int) -> str:
        return f"<cell {crc32(raw_code.encode()):08x}>"

    shell.compile.get_code_name = name
