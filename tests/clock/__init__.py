"""A test clock for notebook kernels: waiting takes no time, and every run tells the same times.

Under test, a notebook's kernel loads the IPython extension `clock.extension`. From then on, while a cell runs:

- time stands still as long as code runs, so that "Elapsed: 4.00 s" is exact on any machine;
- when the event loop has nothing to do before its next timer, the clock jumps to that timer;
- `time.sleep` moves the clock, and the threads of a `ThreadPoolExecutor` sleep on the same clock, one at a time;
- a blocking socket with a time limit, if it is connected to the very event loop that runs the cell, waits on the clock;
- what the clock cannot see through is waited for in real time and *reported on the cell's stderr*, where a strict
  comparison of outputs fails: processes, plain threads, sockets to elsewhere, locks that time out.

Not on this clock, and so real: `time.process_time`, `datetime.now()`, and everything between two cells.

How the modules build on each other, lowest first:

- `virtual_time`: the number that stands for the time, and the list of what made it inexact;
- `pool_threads`: lets the threads of a pool work and sleep one at a time;
- `outside`: finds out whether anything is at work that the clock cannot see;
- `driver`: decides what happens next when all code waits: let a thread go on, jump, or wait in real time;
- `event_loop`: connects one asyncio event loop to the driver;
- `replacements`: puts the clock in the place of `time.sleep`, `time.perf_counter` and the like;
- `extension`: what the kernel loads, putting these together;
- `cell_names`: a second, small extension that gives cells the same file names in every run;
- `kernel`: for the tests: the environment in which a kernel on the test clock is started.
"""
