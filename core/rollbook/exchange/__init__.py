"""Files in and out: read, map, check, report (D8 to D10). Nothing here stores anything."""

from rollbook.exchange.columns import Column, ColumnMapping, Use, match_columns
from rollbook.exchange.errors import (
    ColumnsError,
    ExchangeError,
    NotATableError,
    NotPrintableError,
    UnreadableFileError,
    UnwritableFileError,
)
from rollbook.exchange.existing import Existing, Known, KnownRecords
from rollbook.exchange.headings import IMPORTED
from rollbook.exchange.outcomes import (
    FieldDifference,
    FileWarning,
    ImportPlan,
    Outcome,
    RowOutcome,
    RowProblem,
)
from rollbook.exchange.plan import plan_import
from rollbook.exchange.read import read_table
from rollbook.exchange.report import bad_rows_file, plan_as_data, plan_as_text
from rollbook.exchange.table import ReadLimits, Row, Table
from rollbook.exchange.writing import write_table

__all__ = [
    "IMPORTED",
    "Column",
    "ColumnMapping",
    "ColumnsError",
    "ExchangeError",
    "Existing",
    "FieldDifference",
    "FileWarning",
    "ImportPlan",
    "Known",
    "KnownRecords",
    "NotATableError",
    "NotPrintableError",
    "Outcome",
    "ReadLimits",
    "Row",
    "RowOutcome",
    "RowProblem",
    "Table",
    "UnreadableFileError",
    "UnwritableFileError",
    "Use",
    "bad_rows_file",
    "match_columns",
    "plan_as_data",
    "plan_as_text",
    "plan_import",
    "read_table",
    "write_table",
]
