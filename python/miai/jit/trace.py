"""The `trace` decorator."""

from __future__ import annotations

import functools
import os
import weakref
from collections.abc import Callable, Hashable
from typing import Any

from .. import _core
from ..logger import get_logger
from ..sizes import parse_bytes
from .check import compare_runs
from .program import Program
from .report import MemoryReport, report_memory
from .signature import Call, Sizes, parameter_names

_log = get_logger("jit")
_MOST_QUICK = 256  # signatures
_MANY_PROGRAMS = 16  # of one function: something changes in each call


class TraceError(RuntimeError):
    """A function cannot be traced, or a traced run differs from an eager one."""


class trace:  # noqa: N801 - a decorator
    """Makes a function of tensors a static, optimised program.

    The first call of a new signature runs eagerly and is recorded; later calls run the compiled plan and
    Python is not entered. Parameters, buffers, optimizer state, random state and learning rates that the
    function reaches are its states, updated in place.

    Args:
        function: the function; `@trace` and `@trace(...)` both work, methods too.
        dynamic: dims that may change, as ``{"x": 0}`` or ``{"x": (0, 2)}``; a dim of which a second size is
            seen becomes dynamic by itself.
        opt_level: 0 replays eager's kernels bit for bit; 1 changes no result beyond rounding; 2 may choose
            layouts and algorithms too.
        enabled: False runs the function as it is (so does MIAI_TRACE=0 in the environment).
        check: runs every call eagerly as well and compares; raises TraceError where they differ.
        memory_limit: bytes that a call may hold, arguments and states included, as a number or as "4GiB".
            Values are computed again where keeping them would need more; no bit of the result changes. A
            limit that is too small raises ValueError with the smallest one possible. "cheap": as few as 5 %
            more time gives (by the cost model, or measured with `fast_run`), with no product and no
            convolution computed again. The first call, which records, runs eagerly: it keeps to the limit as
            far as `mi.dtr` can, which needs more time and memory than the plan does. See `docs/memory.md`.
        fast_run: chooses kernels and layouts by running them on this machine when a plan is made, instead of
            by rules (at ``opt_level=2``), and chooses by measured times what runs again under a
            `memory_limit`. What was measured is kept in ``~/.cache/miai`` (MIAI_CACHE_DIR).
            Another choice of kernels may change results by rounding. MIAI_FAST_RUN=1 does so for all.

    >>> import miai as mi
    >>> @trace
    ... def double(x):
    ...     return x + x
    >>> double(mi.tensor([1.0])), double(mi.tensor([2.0]))
    (Tensor([2.]), Tensor([4.]))
    """

    def __new__(cls, function: Callable[..., Any] | None = None, **options: Any) -> Any:
        if function is None:
            return functools.partial(cls, **options)
        return super().__new__(cls)

    def __init__(
        self,
        function: Callable[..., Any] | None = None,
        *,
        dynamic: dict[str, int | tuple[int, ...]] | None = None,
        opt_level: int = 2,
        enabled: bool = True,
        check: bool = False,
        memory_limit: int | str | None = None,
        fast_run: bool = False,
        symbolic: bool = True,
        capture_as_const: bool = True,
    ) -> None:
        if function is None or not callable(function):
            raise TypeError(f"trace: expected a function, got {type(function).__name__}")
        if opt_level not in (0, 1, 2):
            raise ValueError(f"trace: argument 'opt_level': expected 0, 1 or 2, got {opt_level!r}")
        self.memory_limit = (
            memory_limit
            if memory_limit in (None, "cheap")
            else parse_bytes(memory_limit, "trace", "memory_limit")
        )
        functools.update_wrapper(self, function)
        self.function = function
        self.dynamic = {k: (v,) if isinstance(v, int) else tuple(v) for k, v in (dynamic or {}).items()}
        self.opt_level = opt_level
        self.fast_run = fast_run
        self.enabled = enabled and symbolic and os.environ.get("MIAI_TRACE", "1") != "0"
        self.check = check
        self._name = getattr(function, "__name__", type(function).__name__)
        self._parameters = parameter_names(function)
        self._sizes: dict[Hashable, Sizes] = {}
        self._programs: dict[Hashable, list[Program]] = {}
        # Programs of calls with nothing but tensors, by what the core says of those: found without a Call.
        self._quick: dict[bytes, tuple[Program, list[list[int]]]] = {}
        self._last: Program | None = None
        self._methods: weakref.WeakKeyDictionary[Any, trace] = weakref.WeakKeyDictionary()

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        bound = self._methods.get(instance)
        if bound is None:
            reference = weakref.ref(instance)

            @functools.wraps(self.function)
            def method(*args: Any, **kwargs: Any) -> Any:
                return self.function(reference(), *args, **kwargs)

            bound = trace(
                method,
                opt_level=self.opt_level,
                enabled=self.enabled,
                check=self.check,
                memory_limit=self.memory_limit,
                fast_run=self.fast_run,
            )
            bound.dynamic = self.dynamic
            bound._parameters = self._parameters[1:]
            self._methods[instance] = bound
        return bound

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self.enabled or _core.is_recording():
            return self.function(*args, **kwargs)
        signature = None if kwargs or self.check else _core.tensor_signature(args)
        if signature in self._quick:
            quick, shapes = self._quick[signature]
            if quick.holds() and not _core.is_tracked(args):
                self._last = quick
                return quick.run(args, shapes)
        call = Call(self._name, self._parameters, args, kwargs)
        if _core.is_tracked(call.tensors):
            return self.function(*args, **kwargs)  # an outer tape wants the gradient of what is inside
        program = self._find(call)
        if program is None:
            return self._record(call)
        self._last = program
        if self.check:
            return compare_runs(self, program, call)
        if signature is not None:
            if len(self._quick) == _MOST_QUICK:
                self._quick.clear()
            self._quick[signature] = program, call.shapes
        return program.run(call.tensors, call.shapes)

    def _find(self, call: Call) -> Program | None:
        sizes = self._sizes.get(call.base)
        if sizes is None:
            return None
        for program in self._programs.get((call.base, sizes.key(call)), ()):
            if program.fits(call):
                return program
        return None

    def _record(self, call: Call) -> Any:
        sizes = self._sizes.get(call.base)
        if sizes is None:
            sizes = self._sizes[call.base] = Sizes(self.dynamic, call)
        elif (call.base, sizes.key(call)) not in self._programs:
            sizes.promote(call)
        limit = self.memory_limit if isinstance(self.memory_limit, int) else 0
        is_cheap = self.memory_limit == "cheap"
        options = _core.CompileOptions(self.opt_level, limit, is_cheap, self.fast_run)
        program = Program(self._name, self.function, call, sizes.flags(call), options)
        self._programs.setdefault((call.base, sizes.key(call)), []).insert(0, program)
        self._last = program
        self._tell_of_recording(call)
        return program.take_result()

    def _tell_of_recording(self, call: Call) -> None:
        _log.info("%s: program %d recorded, for shapes %s", self._name, self.program_count, call.shapes)
        if self.program_count == _MANY_PROGRAMS:
            _log.warning(
                "%s has been recorded %d times: an argument, a size or a setting is new in each call; Python "
                "numbers among the arguments are better passed as tensors, sizes named by dynamic=",
                self._name,
                _MANY_PROGRAMS,
            )

    def _recorded(self, what: str) -> Program:
        if self._last is None:
            raise RuntimeError(
                f"trace: {what} of {self._name}: call it once first, so that there is a program"
            )
        return self._last

    @property
    def program_count(self) -> int:
        """How many programs have been recorded."""
        return sum(len(programs) for programs in self._programs.values())

    def graph(self, optimized: bool = False) -> str:
        """The last program as text, as recorded or after the passes."""
        core = self._recorded("graph").core
        return core.optimized_text() if optimized else core.to_text()

    def explain(self) -> str:
        """The plan of the last program: instructions, kernels, memory, and why other kernels refused."""
        program = self._recorded("explain")
        return program.core.explain(program.shapes)

    def memory_report(self) -> MemoryReport:
        """What the plan of the last call needs in memory, what is computed again, and a picture of it."""
        return report_memory(self._recorded("memory_report"))

    def dump(self, path: Any, *, name: str | None = None, **options: Any) -> None:
        """Writes the last program with its states and a test vector into a model file; see
        `miai.jit.dump`."""
        from .dump import dump

        dump(path, {name or self._name: self}, **options)

    def release_memory(self) -> None:
        """Frees the arenas of all programs; the next call takes them again."""
        for programs in self._programs.values():
            for program in programs:
                program.core.release_memory()

    def __repr__(self) -> str:
        return f"<trace of {self._name}: {self.program_count} programs, opt_level={self.opt_level}>"
