"""The exercise of few ports, for every test of a round."""

from tests.evaluation.rounds.round_office import few_ports

__all__ = ["few_ports"]
