"""Sources: what each publisher's files mean. One YAML file each; docs/howto/add-a-source.md.

>>> get("port-return").id
'port-return'
>>> {"hk-control-points", "operation-times", "press-facts"} <= {source.id for source in all_sources()}
True
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from kouan.basis import Finding, NotFound, Place, nearest
from kouan.collection.sources.description import BadSource, BundledFile, Layout, Source, ValueColumn, heading

__all__ = ["BadSource", "BundledFile", "Layout", "Source", "ValueColumn", "all_sources", "bundled", "get", "heading"]

_HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def _registry() -> dict[str, Source]:
    from kouan.collection.sources.description import load

    return {path.stem: load(path, _HERE.parent / "data") for path in sorted(_HERE.glob("*.yaml"))}


def all_sources() -> tuple[Source, ...]:
    """Every source that is known, by identifier."""
    return tuple(_registry().values())


def get(source_id: str) -> Source:
    """One source; NotFound with the nearest identifiers."""
    found = _registry().get(source_id)
    if found is None:
        near = nearest(source_id, _registry()) or list(_registry())
        raise NotFound([Finding.error(
            "unknown_source",
            f"没有登记数据来源“{source_id}”。",
            f"There is no source “{source_id}”.",
            where=Place(field="source"), measured=source_id,
            remedy=(f"可用的来源：{'、'.join(near)}；运行 kouan sources list 查看全部。",
                    f"Known sources: {', '.join(near)}; kouan sources list shows all."),
        )])
    return found


def bundled(*, seeds_only: bool = True) -> tuple[BundledFile, ...]:
    """The files that the product ships: those that `kouan setup` takes in, or all of them."""
    return tuple(
        file for source in all_sources() for file in source.bundled if file.is_seed or not seeds_only
    )
