"""The ratios as one picture: a row an entry and number of threads, a mark a contender."""

from __future__ import annotations

from pathlib import Path

from bench.harness import Result

_TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 20, 50, 100)


def draw_ratios(results: list[Result], path: Path) -> None:
    """Medians with quartiles on a logarithmic axis; right of 1, our first contender is better. Needs
    matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [result for result in results if result.ours and len(result.samples) > 1]
    figure, axes = pyplot.subplots(figsize=(9, 1.5 + 0.32 * len(rows)), layout="constrained")
    colors: dict[str, str] = {}
    for y, result in enumerate(rows):
        ours = result.ours[0]
        for name in result.samples:
            if name == ours:
                continue
            label = "_" if name in colors else name
            color = colors.setdefault(name, f"C{len(colors) % 10}")
            low, middle, high = result.ratio(ours, name)
            axes.plot([low, high], [y, y], color=color, linewidth=2, alpha=0.6)
            marker = "s" if name in result.ours else "o"
            axes.plot(middle, y, marker, color=color, markersize=6, label=label)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(rows)), [f"{r.entry} ({r.threads})" for r in rows])
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("their time or memory / miai's (right of 1: miai is better); entry (threads)")
    figure.legend(loc="outside upper center", ncols=4, fontsize=8)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
