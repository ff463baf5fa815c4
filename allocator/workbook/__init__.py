"""The board pack: a workbook of live formulas, and the way back from an edited pack to a case."""

from allocator.workbook.cached import CalculationError
from allocator.workbook.pack import write_pack
from allocator.workbook.reading import read_document

__all__ = ["CalculationError", "read_document", "write_pack"]
