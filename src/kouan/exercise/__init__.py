"""The exercise workspace (演练): generated returns, daily figures and operation events, all by the doors that real ones take."""

from kouan.exercise.filings import fill_returns
from kouan.exercise.operations import fill_operations
from kouan.exercise.returns import PUPILS, Pupil, a_return, fill_exercise
from kouan.exercise.sharing import fill_sharing

__all__ = ["PUPILS", "Pupil", "a_return", "fill_exercise", "fill_operations", "fill_returns", "fill_sharing"]
