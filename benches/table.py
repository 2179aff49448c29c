"""The table of figures."""

from dataclasses import dataclass

HEAD = ("what", "ours", "peer", "ratio", "target", "met")


@dataclass
class Row:
    """One comparison; `value` is what the target limits, a ratio or a figure of ours."""

    what: str
    ours: str
    peer: str
    ratio: str
    target: str
    value: float
    limit: float

    def cells(self):
        met = "yes" if self.value <= self.limit else "no"
        return (self.what, self.ours, self.peer, self.ratio, self.target, met)


@dataclass
class Missing:
    """A figure that was not measured, and why."""

    what: str
    target: str
    reason: str

    def cells(self):
        return (self.what, "", "", "", self.target, self.reason)


def time_text(seconds):
    """Returns a time with three digits in the unit that fits."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if abs(seconds) * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def size_text(kib):
    return f"{kib / 1024:.1f} MiB"


def compare(what, peer_name, ours, peer, limit, text=time_text):
    """Compares two figures; the limit is a factor."""
    ratio = ours / peer
    return Row(what, text(ours), f"{text(peer)} ({peer_name})", f"{ratio:.2f}", f"≤ {limit} ×", ratio, limit)


def above(what, peer_name, ours, peer, limit, limit_text, text):
    """Compares two figures; the limit is a distance."""
    distance = ours - peer
    return Row(what, text(ours), f"{text(peer)} ({peer_name})", f"+{text(distance)}", f"≤ +{limit_text}", distance, limit)


def render(rows):
    """Returns the rows as a Markdown table that reads as well on a terminal."""
    cells = [HEAD] + [row.cells() for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
