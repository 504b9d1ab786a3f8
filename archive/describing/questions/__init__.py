"""The research questions that the tables must be able to answer, as queries ready to run. Pure.

Datasette 0.65 gives a parameter no default, so each query gives an empty one a day, a post or a person
of this collection that has an answer. A query with the columns ``value``, and ``day`` or ``label``, is
drawn as a chart as well.
"""

from archive.describing.questions.question import Question
from archive.describing.questions.research import RESEARCH
from archive.describing.questions.wider import WIDER

QUESTIONS: tuple[Question, ...] = (*RESEARCH, *WIDER)

__all__ = ["QUESTIONS", "RESEARCH", "WIDER", "Question"]
