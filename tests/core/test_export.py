"""`trainmon export`: every event is a row, whatever is in it."""

import csv
import inspect
import io
import json
import math
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.builders import Journal, a_run
from tests.conftest import OpenLogger
from trainmon.cli.export import ShownRows
from trainmon.cli.main import group
from trainmon.export.export import export
from trainmon.export.export_files import write_csv
from trainmon.export.export_tables import What


def run_export(folder: Path, *arguments: str) -> Result:
    apart = (
        {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
    )  # click 8.1
    return CliRunner(**apart).invoke(group, ["export", str(folder), *arguments])


def rows_of(folder: Path, *arguments: str) -> list[dict[str, str]]:
    result = run_export(folder, "--format", "csv", "-o", "-", *arguments)
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_every_progress_call_is_a_row_and_every_metric_a_column(tmp_path: Path) -> None:
    """A metric that came once has a column too, empty elsewhere; NaN and infinity are words."""
    journal = (
        Journal()
        .opened()
        .started()
        .progress(1, "NaN")
        .progress(2, 1.5, metrics={"acc": 0.5, "rare": "Infinity"})
    )
    journal.progress(3, None, metrics={"acc": 0.25}, phase="validation")
    journal.write(tmp_path)

    rows = rows_of(tmp_path)

    assert [row["loss"] for row in rows] == ["NaN", "1.5", ""]
    assert [row["acc"] for row in rows] == ["", "0.5", "0.25"]
    assert [row["rare"] for row in rows] == ["", "Infinity", ""]
    assert [row["phase"] for row in rows] == ["training", "training", "validation"]
    assert [(row["run"], row["run_step"]) for row in rows] == [("1", "1"), ("1", "2"), ("1", "3")]


def test_run_steps_are_those_of_the_fold(tmp_path: Path) -> None:
    """Steps that count per epoch, and a second run in the same journal."""
    journal = Journal().opened().started(total_steps=10)
    for epoch in (1, 2):
        for step in range(1, 11):
            journal.progress(step, epoch=epoch, total_steps=10)
    journal.ended().started().progress(1)
    journal.write(tmp_path)

    rows = rows_of(tmp_path)

    assert [int(row["run_step"]) for row in rows] == [*range(1, 21), 1]
    assert [row["run"] for row in rows] == ["1"] * 20 + ["2"]


def test_a_metric_with_the_name_of_a_column_keeps_its_values(tmp_path: Path) -> None:
    metrics = {"loss": 7.0, "step": 8.0, "metrics.loss": 9.0, "run": 10.0}
    Journal().opened().started().progress(1, 0.5, metrics=metrics).write(tmp_path)

    with export(tmp_path, What.METRICS) as table:
        names = [column.name for column in table.columns]
        (row,) = table.rows

    assert len(set(names)) == len(names)
    assert {7.0, 8.0, 10.0} <= set(row)
    assert row[names.index("loss")] == 0.5
    assert row[names.index("step")] == 1


def test_a_repeated_line_is_one_row_and_a_damaged_one_none(tmp_path: Path) -> None:
    path = Journal().opened().started().progress(1).write(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, b"damaged\n", lines[-1], b'{"kind":"progress","torn']))

    assert len(rows_of(tmp_path)) == 1


@pytest.mark.parametrize("what", [each.value for each in What])
def test_each_table_has_its_rows_in_csv_and_in_json_lines(tmp_path: Path, what: str) -> None:
    journal = a_run().error().performance().operation().warned().alerted().ended()
    journal.write(tmp_path)

    rows = rows_of(tmp_path, "--what", what)
    lines = run_export(tmp_path, "--format", "jsonl", "-o", "-", "--what", what).stdout.splitlines()

    assert rows
    assert len(rows) == len(lines)
    for row, line in zip(rows, map(json.loads, lines), strict=True):
        assert line.keys() <= row.keys()
        assert all(row[name] for name in line)


def test_fewer_points_keep_means_and_extremes_and_do_not_mix_runs(tmp_path: Path) -> None:
    """A bucket has the mean of its finite values, its least and its greatest; a run never shares one."""
    journal = Journal().opened().started()
    for step in range(1, 91):
        journal.progress(step, "NaN" if step == 5 else float(step))
    journal.started()
    for step in range(1, 11):
        journal.progress(step, float(step))
    journal.write(tmp_path)

    rows = rows_of(tmp_path, "--points", "10")

    assert [int(row["rows"]) for row in rows] == [10] * 10
    first = [value for value in range(1, 11) if value != 5]
    assert float(rows[0]["loss"]) == pytest.approx(sum(first) / 9)
    assert (rows[0]["loss.min"], rows[0]["loss.max"], rows[0]["run_step"]) == ("1.0", "10.0", "10")
    assert rows[-1]["run"] == "2"


def test_a_bucket_of_nothing_but_nan_is_nan(tmp_path: Path) -> None:
    Journal().opened().started().progress(1, "NaN").progress(2, "Infinity").write(tmp_path)

    (row,) = rows_of(tmp_path, "--points", "1")

    assert (row["loss"], row["loss.min"]) == ("NaN", "")


def test_a_text_cannot_become_a_formula_or_a_row(tmp_path: Path) -> None:
    """What a log said runs nothing in a spreadsheet, and line breaks stay within their cell."""
    Journal().opened().started().error("=HYPERLINK(1)\n,,,", context="@SUM(1)").write(tmp_path)

    (row,) = rows_of(tmp_path, "--what", "errors")

    assert row["message"] == "'=HYPERLINK(1)\n,,,"
    assert row["context"] == "'@SUM(1)"


def test_s01_a_terminal_gets_rows_that_it_cannot_obey_and_a_pipe_the_bytes(tmp_path: Path) -> None:
    """`-o -` in a shell is for the eyes."""
    Journal().opened().started().error("\x1b[2J\nsecond line").write(tmp_path)
    shown, piped = io.StringIO(), io.StringIO()

    with export(tmp_path, What.ERRORS, None) as table:
        write_csv(table, ShownRows(shown))
    with export(tmp_path, What.ERRORS, None) as table:
        write_csv(table, piped)

    assert "\\x1b[2J\\nsecond line" in shown.getvalue()
    assert len(shown.getvalue().splitlines()) == 2
    assert "\x1b[2J\nsecond line" in piped.getvalue()


def test_the_file_is_complete_or_not_there_and_the_run_is_never_overwritten(tmp_path: Path) -> None:
    run, output = tmp_path / "run", tmp_path / "metrics.csv"
    path = a_run().write(run)
    before = path.read_bytes()

    written = run_export(run, "--format", "csv", "-o", str(output))
    ours = run_export(run, "--format", "csv", "-o", str(path))
    nowhere = run_export(run, "--format", "csv", "-o", str(tmp_path / "no" / "x.csv"))

    assert (written.exit_code, ours.exit_code, nowhere.exit_code) == (0, 2, 1)
    assert len(output.read_text().splitlines()) == 251
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["metrics.csv", "run"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--what", "errors", "--points", "5", "--format", "csv", "-o", "-"), 2),
        (("--points", "many", "--format", "csv", "-o", "-"), 2),
        (("--format", "parquet", "-o", "-"), 2),
        (("--format", "xml", "-o", "-"), 2),
    ],
)
def test_wrong_usage_is_code_2(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    a_run(steps=3).write(tmp_path)

    assert run_export(tmp_path, *arguments).exit_code == code


def test_no_journal_is_code_6(tmp_path: Path) -> None:
    assert run_export(tmp_path / "none", "--format", "csv", "-o", "-").exit_code == 6


def test_a_missing_pyarrow_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_run(steps=3).write(tmp_path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    result = run_export(tmp_path, "--format", "parquet", "-o", str(tmp_path / "x.parquet"))

    assert result.exit_code == 1
    assert "pip install 'trainmon[parquet]'" in result.stderr


def test_parquet_has_the_types_and_the_numbers(tmp_path: Path) -> None:
    """NaN is NaN and absent is null."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow, the extra `parquet`, is not installed")
    journal = Journal().opened().started().progress(1, "NaN").progress(2, 0.5, metrics={"acc": 1.0})
    journal.write(tmp_path)

    result = run_export(tmp_path, "--format", "parquet", "-o", str(tmp_path / "x.parquet"))

    table = parquet.read_table(tmp_path / "x.parquet")
    assert result.exit_code == 0
    assert str(table.schema.field("run_step").type) == "int64"
    loss = table["loss"].to_pylist()
    assert math.isnan(loss[0])
    assert loss[1] == 0.5
    assert table["acc"].to_pylist() == [None, 1.0]


def test_what_a_logger_recorded_comes_out(open_logger: OpenLogger) -> None:
    """End to end, from the calls of the spec to the rows."""
    logger = open_logger()
    logger.log_training_start("DemoModel", 1, 3, 32, 1e-3, "Adam", config={"depth": 12})
    for step in range(1, 4):
        logger.log_training_progress(1, step, 3, 1 / step, 1e-3, {"acc": step / 3})
    logger.log_validation_results(1, 3, 0.5, {"top1": 70.0})
    logger.close()

    metrics = rows_of(logger.folder)
    (validation,) = rows_of(logger.folder, "--what", "validations")
    (configuration,) = rows_of(logger.folder, "--what", "configuration")

    assert [float(row["loss"]) for row in metrics] == [1.0, 0.5, 1 / 3]
    assert (validation["is_best"], validation["top1"]) == ("true", "70.0")
    assert json.loads(configuration["config"]) == {"depth": 12}


def test_columns_without_number_are_bounded(tmp_path: Path) -> None:
    """A program that makes up names gets 4,096 columns."""
    journal = Journal().opened().started()
    for step in range(1, 4):
        journal.progress(step, metrics={f"m{step}_{index}": 1.0 for index in range(2_000)})
    journal.write(tmp_path)

    with export(tmp_path, What.METRICS) as table:
        width = {len(row) for row in table.rows}

    assert width == {len(table.columns)}
    assert len(table.columns) == 4_096 + 7
    assert table.refused > 0
