"""The generated SQL on Apache Spark: on this machine or on a cluster that reads the same Parquet.

PySpark is an optional extra (``requirements/spark.in``) and needs Java 17; ``docs/howto/run-on-a-cluster.md`` starts a master and
workers. What must be so, or figures go wrong or nothing starts:

* the session speaks UTC: ``unix_micros`` of a Parquet timestamp without zone goes through the session's zone;
* the driver's address is one that the workers can reach (127.0.0.1 as long as all are on this machine);
* the memory of an executor fits into that of its worker.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from kouan.basis import Refused
from kouan.monitoring.eventlog import sql
from kouan.monitoring.eventlog.dialect import SPARK
from kouan.monitoring.eventlog.plan import Plan
from kouan.monitoring.eventlog.source import Log, corrected_sql, events_sql

Array = np.ndarray[Any, Any]


def start(master: str = "local[2]") -> Any:
    """A session; KOUAN_SPARK_DRIVER_HOST, KOUAN_SPARK_MEMORY and KOUAN_SPARK_PARTITIONS as docs/operations.md has them."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as fault:
        raise Refused.because(
            "spark_missing", "没有安装 PySpark。", "PySpark is not installed.",
            remedy=("运行 scripts/bootstrap spark 和 scripts/bootstrap-debian java，见 docs/howto/run-on-a-cluster.md。",
                    "Run scripts/bootstrap spark and scripts/bootstrap-debian java; see docs/howto/run-on-a-cluster.md."),
        ) from fault
    host = os.environ.get("KOUAN_SPARK_DRIVER_HOST", "127.0.0.1")
    os.environ.setdefault("SPARK_LOCAL_IP", host)
    memory = os.environ.get("KOUAN_SPARK_MEMORY", "1g")
    builder = SparkSession.builder.master(master).appName("kouan times")
    settings = {
        "spark.driver.host": host, "spark.driver.bindAddress": host, "spark.sql.session.timeZone": "UTC", "spark.ui.enabled": "false",
        "spark.executor.memory": memory, "spark.driver.memory": memory,
        "spark.sql.shuffle.partitions": os.environ.get("KOUAN_SPARK_PARTITIONS", "8"), "spark.ui.showConsoleProgress": "false",
        # Lists of values are gathered in a hash table; beyond 128 groups, by default, Spark would sort instead.
        "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "200000", "spark.log.level": "ERROR",
    }  # fmt: skip
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def run(
    log: Log, plan: Plan, is_corrected: bool, *, master: str = "local[2]", session: Any = None
) -> tuple[dict[str, dict[str, Array]], list[tuple[int, ...]], list[str], int]:
    """The tables, the paths and examples of the variants, and the number of events. A session of one's own is left running."""
    if not log.is_parquet:
        raise Refused.because(
            "spark_reads_parquet", "Spark 引擎只读 Parquet。", "The engine spark reads Parquet only.",
            remedy=("先用 kouan events 导出为 Parquet，或用 --engine duckdb。", "Export to Parquet first, or use --engine duckdb."))  # fmt: skip
    spark = session or start(master)
    try:
        return _run(spark, log, plan, is_corrected)
    finally:
        if session is None:
            spark.stop()


def _run(spark: Any, log: Log, plan: Plan, is_corrected: bool) -> tuple[dict[str, dict[str, Array]], list[tuple[int, ...]], list[str], int]:
    from pyspark import StorageLevel

    # Not as_uri(): Spark takes %3D of an escaped "month=" literally.
    spark.read.parquet(*[f"file://{path.resolve()}" for path in log.files]).createOrReplaceTempView("log")
    if is_corrected:
        spark.sql(corrected_sql(log, SPARK)).createOrReplaceTempView("corrected")
    legs = spark.sql(sql.cases(plan, events_sql(log, log.files, SPARK, corrected="corrected" if is_corrected else ""), SPARK))
    legs = legs.persist(StorageLevel.MEMORY_AND_DISK)
    legs.createOrReplaceTempView("legs")
    tables: dict[str, dict[str, Array]] = {}
    paths: list[tuple[int, ...]] = []
    examples: list[str] = []
    try:
        for name, statement in sql.statements(plan, "legs", SPARK).items():
            answer = spark.sql(statement)
            rows = answer.collect()
            if name == "variants":
                paths = [tuple(row["path"]) for row in rows]
                examples = [row["example"]["c"] for row in rows]
            tables[name] = {
                column: np.fromiter((row[place] for row in rows), np.int64, len(rows))
                for place, column in enumerate(answer.columns) if column not in ("path", "example")
            }  # fmt: skip
        counted = spark.sql(f"SELECT sum({SPARK.size('l')}) FROM legs").collect()[0][0]
    finally:
        legs.unpersist()
    return tables, paths, examples, int(counted or 0)
