"""Kernels for tests and for `refresh.py`: of this very Python, as nbval starts them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import AsyncKernelManager, KernelManager
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager


@dataclass
class Ran:
    """What running one cell gave.

    Attributes:
        stdout: what was printed.
        stderr: what arrived on the standard error stream.
        text: all that was printed or displayed, as plain text, in its order.
        error: the last line of the traceback, such as ``ValueError: no``; None without an exception.
    """

    stdout: str = ""
    stderr: str = ""
    text: str = ""
    error: str | None = None
    traceback: list[str] = field(default_factory=list)

    def note(self, message: dict) -> None:
        """Take in a message that the kernel sent about the cell."""
        content = message["content"]
        if message["msg_type"] == "stream":
            setattr(self, content["name"], getattr(self, content["name"]) + content["text"])
            self.text += content["text"]
        elif message["msg_type"] == "error":
            self.error = f"{content['ename']}: {content['evalue']}"
            self.traceback = content["traceback"]
        elif "data" in content:
            self.text += content["data"].get("text/plain", "")


class Kernel:
    """A running kernel that cells are sent to."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run(self, source: str, timeout: float = 60) -> Ran:
        """Run a cell.

        Args:
            source: the code.
            timeout: real seconds to wait for the next message from the kernel.

        Raises:
            TimeoutError: the kernel says nothing for `timeout` seconds.
        """
        ran = Ran()
        self._client.execute_interactive(source, timeout=timeout, output_hook=ran.note, allow_stdin=False)
        return ran


@contextmanager
def running_kernel(environment: dict[str, str], log: Path, startup_timeout: float = 60) -> Iterator[Kernel]:
    """Start a kernel, and end it on leaving.

    Args:
        environment: the environment variables of its process, as `clock.kernel.kernel_environment` returns them.
        log: a file for what the process itself writes to stderr.
        startup_timeout: real seconds.

    Raises:
        RuntimeError: the kernel did not start.
    """
    manager = KernelManager(kernel_name=CURRENT_ENV_KERNEL_NAME, kernel_spec_manager=NbvalKernelspecManager())
    with log.open("w", encoding="utf-8") as stderr:
        manager.start_kernel(env=environment, stderr=stderr, stdout=stderr)
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=startup_timeout)
            yield Kernel(client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def async_kernel_manager() -> AsyncKernelManager:
    """Return a manager for kernels of this Python, for nbclient."""
    return AsyncKernelManager(kernel_name=CURRENT_ENV_KERNEL_NAME, kernel_spec_manager=NbvalKernelspecManager())
