"""The characters that divide a transmission: those of UNA, else those of the syntax version.

>>> Separators.of_advice("UNA:*.? $")
Separators(component=':', element='*', decimal='.', release='?', repetition=None, terminator='$')
"""

from __future__ import annotations

from dataclasses import dataclass

ADVICE_LENGTH = 9  # UNA and six characters


@dataclass(frozen=True, slots=True)
class Separators:
    """Service characters (ISO 9735-1, 8.3). ``release`` and ``repetition`` are None where they are not used."""

    component: str = ":"
    element: str = "+"
    decimal: str = "."
    release: str | None = "?"
    repetition: str | None = None
    terminator: str = "'"

    @classmethod
    def of_advice(cls, advice: str) -> Separators:
        """Those of a service string advice of nine characters; ValueError when it cannot be one.

        The fifth character is the space of syntax versions 1 to 3 (reserved), and the repetition separator of version 4.
        """
        if len(advice) != ADVICE_LENGTH or not advice.startswith("UNA"):
            raise ValueError("a service string advice is UNA and six characters")
        component, element, decimal, release, repetition, terminator = list(advice[3:])
        found = cls(component, element, decimal, None if release == " " else release, None if repetition == " " else repetition, terminator)
        used = [each for each in (component, element, found.release, found.repetition, terminator) if each is not None]
        if len(set(used)) != len(used) or any(each.isalnum() or each in " \r\n\x00" for each in used):
            raise ValueError("a service character is used twice, or is a letter, a digit or a space")
        return found

    @classmethod
    def of_version(cls, version: str) -> Separators:
        """The usual ones: version 4 has a repetition separator as well."""
        return cls(repetition="*") if version == "4" else cls()

    @property
    def advice(self) -> str:
        """The service string advice that says them."""
        return f"UNA{self.component}{self.element}{self.decimal}{self.release or ' '}{self.repetition or ' '}{self.terminator}"
