"""Money as integer cents with a currency; never a float, not even to print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fieldapp.domain.errors import Kind, Refusal

EUR = "EUR"


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in the smallest unit of its currency. Amounts of different currencies do not mix."""

    cents: int
    currency: str = EUR

    def __post_init__(self) -> None:
        if type(self.cents) is not int:
            raise Refusal("money.not_whole_cents", kind=Kind.MALFORMED, details={"value": str(self.cents)})

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.cents - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.cents, self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise Refusal("money.currencies_differ", details={"left": self.currency, "right": other.currency})
        return other.cents


def split(total_cents: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split `total_cents` in proportion to `weights` (largest remainder); the parts sum to the whole.

    Raises Refusal `money.no_weights` when no weight is positive.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise Refusal("money.no_weights", kind=Kind.MALFORMED)
    floors = [total_cents * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total_cents * weights[i] % whole), i))
    for i in by_remainder[: total_cents - sum(floors)]:
        floors[i] += 1
    return tuple(floors)


def written(cents: int, language: str) -> str:
    """Cents as the language writes them: `1.234,50 €`, `€1,234.50`, `1 234,50 €` (no-break spaces)."""
    if language not in ("en", "fr"):
        return italian(cents)
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    if language == "en":
        return f"{sign}€{whole:,}.{rest:02d}"
    return f"{sign}{whole:,}".replace(",", "\u202f") + f",{rest:02d}\u00a0€"


def italian(cents: int) -> str:
    """`123450` as `1.234,50 €`, the Italian way, with a no-break space."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}{whole:,}".replace(",", ".") + f",{rest:02d}\u00a0€"
