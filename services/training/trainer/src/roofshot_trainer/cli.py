"""`python -m roofshot_trainer FILE --run-dir DIR`: one run from its order to its exit code."""

import argparse
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from roofshot_trainer.errors import EXIT_CODE_FAILED, EXIT_FINISHED, ModelError, TrainerError
from roofshot_trainer.lifeline import Lifeline, take_over_stdin
from roofshot_trainer.reporter import REPORT_FD, Reporter, open_reporter
from roofshot_trainer.spec import RunSpec, read_spec
from roofshot_trainer.user_code import format_trace, load_train, suggest_remedy

_EPILOG = """exit codes: 0 finished; 1 the training file raised; 2 the order is faulty; 3 the snapshot
cannot be trained on; 4 the model cannot be served; 5 a metric has no value; 124 the deadline passed; 129 the
dispatcher is gone; 130, 143 cancelled by SIGINT, SIGTERM. README.md tells more."""

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",  # what LightGBM and joblib take for the number of processors
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the file and returns the exit code; the last report is `finished` or `failed`."""
    options = _parse(arguments)
    if options.serve:
        return _serve()
    try:
        reporter = open_reporter(options.run_dir)
    except (TrainerError, OSError) as error:
        sys.stderr.write(f"{error} {getattr(error, 'hint', 'Give --run-dir a writable folder.')}\n")
        return 2
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)  # a killed run keeps its log
    lifeline = Lifeline(reporter, take_over_stdin())
    lifeline.start()
    return _Session(options.file.resolve(), options.run_dir, reporter).run(lifeline)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m roofshot_trainer",
        description="Runs train(run) of FILE on the run that DIR/run.json describes.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE", nargs="?")
    parser.add_argument("--run-dir", type=Path, metavar="DIR")
    parser.add_argument("--serve", action="store_true", help="take orders from standard input (README.md)")
    options = parser.parse_args(arguments)
    if options.serve == (options.file is not None or options.run_dir is not None):
        parser.error("give FILE and --run-dir DIR, or --serve alone")
    if not options.serve and (options.file is None or options.run_dir is None):
        parser.error("FILE and --run-dir DIR belong together")
    return options


def _serve() -> int:
    from roofshot_trainer.serve import Server, preload

    named = os.environ.get(REPORT_FD)
    if named is None:
        sys.stderr.write(f"--serve needs {REPORT_FD}: the number of an open file descriptor.\n")
        return 2
    os.set_inheritable(int(named), False)
    preload()
    return Server(int(named), lambda file, folder: main([file, "--run-dir", folder])).serve()


class _Session:
    def __init__(self, file: Path, run_dir: Path, reporter: Reporter) -> None:
        self._file = file
        self._dir = run_dir
        self._reporter = reporter
        self._columns: list[str] = []

    def run(self, lifeline: Lifeline) -> int:
        try:
            self._train(lifeline)
        except BaseException as error:  # noqa: BLE001 -- also sys.exit() in the user's file is a failure
            lifeline.stop()
            return self._fail(error)
        lifeline.stop()
        self._reporter.send({"type": "finished"})
        return EXIT_FINISHED

    def _train(self, lifeline: Lifeline) -> None:
        spec = read_spec(self._dir)
        lifeline.set_deadline(spec.deadline)
        self._columns = [*(f.name for f in spec.features), spec.label, spec.event_time]
        _make_repeatable(spec)
        from roofshot_trainer.run import Run

        run = Run(spec, self._dir, self._reporter)
        load_train(self._file)(run)
        if not run.has_model:
            raise ModelError(
                f"train(run) of {self._file.name} returned without a model.",
                "Call run.log_model(model) with the fitted classifier before it returns.",
            )

    def _fail(self, error: BaseException) -> int:
        if isinstance(error, TrainerError):
            failure, exit_code = (
                {"kind": error.kind, "error": str(error), "hint": error.hint},
                error.exit_code,
            )
        else:
            hint = suggest_remedy(error, self._columns)
            failure = {"kind": "code", "error": f"{type(error).__name__}: {error}", "hint": hint}
            exit_code = EXIT_CODE_FAILED
        trace = format_trace(error, self._file)
        self._reporter.send({"type": "failed", "traceback": trace, **failure})
        sys.stderr.write(f"{trace}{failure['hint']}\n")
        return exit_code


def _make_repeatable(spec: RunSpec) -> None:
    """Thread pools read the variables when their library loads; those that a server has loaded are told."""
    for name in _THREAD_VARIABLES:
        os.environ[name] = str(spec.n_jobs)
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(spec.n_jobs)
    import numpy as np

    random.seed(spec.seed)
    np.random.seed(spec.seed % 2**32)  # the legacy generator is what scikit-learn falls back on
