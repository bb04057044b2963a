"""The tables of a GTFS feed, from a zip file or a folder, as text whose line in the file is known."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError, UnknownName, listed

__all__ = ["Problems", "Source", "Table"]

#: A member that unpacks to more than this is refused [byte].
LARGEST = 2 << 30


class Problems:
    """What is wrong with a feed that stays usable: one row a line of a file, with what was done about it."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, NDArray[np.int64], list[str], str]] = []

    def add(self, problem: str, file: str, lines: ArrayLike, values: Iterable[object], fix: str) -> None:
        """Add a problem at some lines of a file; line 0 is the file as a whole."""
        found = np.atleast_1d(np.asarray(lines, dtype=np.int64))
        if found.size:
            self._rows.append((problem, file, found, [str(v) for v in values], fix))

    def frame(self) -> pd.DataFrame:
        """All of them: problem, file, line, value, fix."""
        parts = [
            pd.DataFrame({"problem": problem, "file": file, "line": lines, "value": values, "fix": fix})
            for problem, file, lines, values, fix in self._rows
        ]
        empty = pd.DataFrame({c: pd.Series(dtype=object) for c in ("problem", "file", "line", "value", "fix")})
        return pd.concat(parts, ignore_index=True) if parts else empty.astype({"line": np.int64})

    def notes(self) -> list[str]:
        """One sentence a kind of problem."""
        return [
            f"{file}: {problem} ({len(lines)}; line {listed(lines, most=4)}: {listed(dict.fromkeys(values), most=4)}); "
            f"{fix}"
            if lines[0]
            else f"{file}: {problem} ({listed(values, most=4)}); {fix}"
            for problem, file, lines, values, fix in self._rows
        ]


@dataclass(frozen=True, eq=False)
class Table:
    """A file of a feed: its columns as text, blanks stripped.

    Attributes
    ----------
    name : file name, ``stops.txt``.
    rows : number of rows.
    """

    name: str
    rows: int
    columns: dict[str, Any]
    problems: Problems
    where: str
    _lines: NDArray[np.int64] | None

    def __contains__(self, column: str) -> bool:
        """Whether the file has that column."""
        return column in self.columns

    @cached_property
    def lines(self) -> NDArray[np.int64]:
        """(n,) line of each row in the file, the header being line 1."""
        return np.arange(2, self.rows + 2) if self._lines is None else self._lines

    def need(self, *columns: str) -> None:
        """`DataError` where a column is missing."""
        for column in columns:
            if column not in self.columns:
                hint = UnknownName("column", column, self.columns)
                raise DataError(
                    f"{self.where}, {self.name}, line 1: {hint}; GTFS requires it", layer=self.name, column=column
                )

    def codes(self, column: str) -> tuple[NDArray[np.int32], list[str]]:
        """(n,) number of each row's text among the different texts of a column; blank where there is no column."""
        if column not in self.columns:
            return np.zeros(self.rows, dtype=np.int32), [""] if self.rows else []
        encoded = self.columns[column].dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):  # no chunk at all
            return np.zeros(0, dtype=np.int32), []
        texts = [text.strip() for text in encoded.dictionary.to_pylist()]
        return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32), texts

    def text(self, column: str, default: str = "") -> NDArray[Any]:
        """(n,) text of a column, `default` where it is blank."""
        codes, texts = self.codes(column)
        return np.array([text or default for text in texts], dtype=object)[codes] if texts else np.empty(0, object)

    def parsed(
        self, column: str, parse: Callable[[str], float], fix: str, *, blank: float = float("nan"), kind: str = "number"
    ) -> NDArray[np.float64]:
        """(n,) numbers of a column; `blank` where there is none, and where the text is none (which is listed)."""
        codes, texts = self.codes(column)
        values, wrong = np.full(len(texts), blank), np.zeros(len(texts), dtype=bool)
        for k, text in enumerate(texts):
            if text:
                try:
                    values[k] = parse(text)
                except (ValueError, OverflowError):
                    wrong[k] = True
        if wrong.any():
            rows = np.flatnonzero(wrong[codes])
            self.tell(f"{column} is no {kind}", rows, [texts[c] for c in codes[rows]], fix)
        return values[codes] if texts else np.zeros(0)

    def found(self, column: str, ids: Iterable[object]) -> NDArray[np.int32]:
        """(n,) position of each row's text among `ids`, the first of equal ones; -1 where it is blank or not there."""
        codes, texts = self.codes(column)
        where: dict[object, int] = {}
        for place, name in enumerate(ids):
            where.setdefault(name, place)
        where.pop("", None)
        return np.array([where.get(text, -1) for text in texts], dtype=np.int32)[codes]

    def first(self, key: NDArray[Any], what: str) -> NDArray[np.bool_]:
        """(n,) whether a row has a key and is the first with it; the others are listed and left out."""
        blank = key == ""
        self.tell(f"{what} has no id", np.flatnonzero(blank), key[blank], "it is left out")
        again = pd.Series(key).duplicated().to_numpy() & ~blank
        self.tell(f"{what} is there twice", np.flatnonzero(again), key[again], "the first one counts")
        return np.asarray(~again & ~blank, dtype=bool)

    def tell(self, problem: str, rows: ArrayLike, values: Iterable[object], fix: str) -> None:
        """List a problem of some rows."""
        rows = np.asarray(rows, dtype=np.int64)
        if rows.size:
            self.problems.add(problem, self.name, self.lines[rows], values, fix)


class Source:
    """A feed's files; `DataError` where there is none, or where a member could do harm."""

    def __init__(self, path: Path, problems: Problems) -> None:
        self.path, self.problems = path, problems
        self._members: dict[str, Any] = {}
        self._zip: zipfile.ZipFile | None = None
        if path.is_dir():
            self._members = {p.name: p for p in path.glob("*.txt") if p.is_file()}
        elif path.is_file():
            self._zip = self._opened(path)
        else:
            raise DataError(f"{path}: no such file or folder; a GTFS feed is a .zip or a folder of .txt files")

    def _opened(self, path: Path) -> zipfile.ZipFile:
        try:
            source = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise DataError(f"{path}: not readable as a zip file ({error}); a GTFS feed is one") from None
        members = [m for m in source.infolist() if not m.is_dir() and m.filename.endswith(".txt")]
        inner = {PurePosixPath(m.filename).parts[:-1] for m in members if PurePosixPath(m.filename).name == "stops.txt"}
        # some feeds are zipped with the folder they lay in; members are read in memory, never unpacked by their names
        home = () if () in inner or len(inner) != 1 else inner.pop()
        for member in members:
            name = PurePosixPath(member.filename)
            if name.parts[:-1] == home:
                self._members[name.name] = member
        if home:
            self.problems.add("the files lie in a folder of the zip", path.name, 0, ["/".join(home)], "read from there")
        return source

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        if self._zip is not None:
            self._zip.close()

    def _bytes(self, name: str) -> bytes:
        member = self._members[name]
        size = member.stat().st_size if isinstance(member, Path) else member.file_size
        if size > LARGEST:
            raise DataError(f"{self.path}, {name}: it unpacks to {size:,} bytes; at most {LARGEST:,} are read")
        if self._zip is None:
            return bytes(member.read_bytes())
        try:
            with self._zip.open(member) as stream:
                data = stream.read(LARGEST + 1)  # the size that a zip states need not be true
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
            raise DataError(f"{self.path}, {name}: not readable ({error}); fetch the feed again") from None
        if len(data) > LARGEST:
            raise DataError(f"{self.path}, {name}: it unpacks to more than {LARGEST:,} bytes")
        return data

    def __contains__(self, name: str) -> bool:
        """Whether the feed has that file."""
        return name in self._members

    def table(self, name: str, columns: Iterable[str], *, needed: bool = False) -> Table:
        """Some columns of a file; one without rows where the feed has no such file and it is not needed."""
        if name not in self._members:
            if needed:
                raise DataError(
                    f"{self.path}: no {name} in it, which GTFS requires; there is {listed(sorted(self._members))}",
                    layer=name,
                )
            return Table(name, 0, {}, self.problems, str(self.path), None)
        data = self._decoded(name)
        header, rest = _header(data)
        names = self._names(name, header)
        if not names:
            raise DataError(f"{self.path}, {name}, line 1: the file is empty; GTFS requires a header", layer=name)
        wanted = [c for c in names if c in set(columns)]
        found, lines = _fast(rest, names, wanted), None
        if found is None:
            found, lines = self._careful(name, data, names, wanted)
        rows = len(next(iter(found.values()))) if found else 0
        return Table(name, rows, found, self.problems, str(self.path), lines)

    def _decoded(self, name: str) -> bytes:
        data = self._bytes(name).removeprefix(b"\xef\xbb\xbf")
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            if b"\0" in data:
                raise DataError(f"{self.path}, {name}, line {line}: it is no text in UTF-8", layer=name) from None
            self.problems.add("the text is not UTF-8", name, line, [data[error.start : error.end]], "read as Latin-1")
            data = data.decode("latin-1").encode("utf-8")
        return data

    def _names(self, name: str, header: list[str]) -> list[str]:
        names = [column.strip().strip("\ufeff") for column in header]
        for k, column in enumerate(names):
            if column in names[:k]:
                self.problems.add("a column is there twice", name, 1, [column], "the first one counts")
                names[k] = f"{column} ({k})"
        return names

    def _careful(
        self, name: str, data: bytes, names: list[str], wanted: list[str]
    ) -> tuple[dict[str, Any], NDArray[np.int64]]:
        """Read row by row: for files with ragged rows, empty lines or line breaks within quotes."""
        rows, lines = [], []
        reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""))
        next(reader)
        last = reader.line_num
        try:
            for row in reader:
                start, last = last + 1, reader.line_num
                if not any(cell.strip() for cell in row):
                    continue
                if len(row) != len(names) and (len(row) < len(names) or any(row[len(names) :])):
                    told = f"{len(row)} values for {len(names)} columns"
                    self.problems.add("a row is of another length", name, start, [told], "what is missing is blank")
                rows.append(row)
                lines.append(start)
        except csv.Error as error:
            raise DataError(f"{self.path}, {name}, line {last + 1}: not readable ({error})", layer=name) from None
        columns = {}
        for column in wanted:
            k = names.index(column)
            columns[column] = pa.array([row[k] if k < len(row) else "" for row in rows], type=pa.string())
        return columns, np.array(lines, dtype=np.int64)


def _header(data: bytes) -> tuple[list[str], bytes]:
    first, _, rest = data.partition(b"\n")
    if b"\r" in first.rstrip(b"\r"):  # lines end as they did on old Macs: row by row
        first = first.partition(b"\r")[0]
    return next(csv.reader([first.decode("utf-8").rstrip("\r")]), []), rest


def _fast(data: bytes, names: list[str], wanted: list[str]) -> dict[str, Any] | None:
    """Read with pyarrow; None where a row could stand elsewhere than at its number's line."""
    if not data.strip():
        return {column: pa.array([], type=pa.string()) for column in wanted}
    try:
        table = pacsv.read_csv(
            pa.BufferReader(data),
            pacsv.ReadOptions(column_names=names, block_size=max(len(data), 1), use_threads=False),
            pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                include_columns=wanted,
                check_utf8=False,
            ),
        )
    except (pa.ArrowInvalid, OverflowError):
        return None
    if data.count(b"\n") + (not data.endswith(b"\n")) != table.num_rows:
        return None
    return {column: pc.utf8_trim_whitespace(table[column]) for column in wanted}
