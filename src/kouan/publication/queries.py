"""What is published. Everything here is public: nothing but versions that were made for anybody to read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from kouan.basis import Finding, NotFound, Refused, Text
from kouan.publication.definitions import Definition, definition, definitions
from kouan.publication.models import DataVersion, ReleaseProposal


@dataclass(frozen=True)
class Published:
    """A data set with its versions, newest first."""

    definition: Definition
    versions: tuple[DataVersion, ...]

    @property
    def newest(self) -> DataVersion:
        """The version to use."""
        return self.versions[0]


def published() -> list[Published]:
    """The data sets of which a version is published."""
    held: dict[str, list[DataVersion]] = {}
    for version in DataVersion.objects.defer("content").order_by("-id"):
        held.setdefault(version.data_set, []).append(version)
    return [Published(found, tuple(held[found.code])) for found in definitions() if found.code in held]


def published_set(code: str) -> Published:
    """One of them. Raises NotFound for what is not published, as for what does not exist."""
    versions = tuple(DataVersion.objects.defer("content").filter(data_set=code).order_by("-id"))
    if not versions:
        raise _not_found(code)
    return Published(definition(code), versions)


def version_of(code: str, number: str) -> DataVersion:
    """A version with its content, its digest compared. Raises NotFound; Refused where the content was altered in the database."""
    found = DataVersion.objects.filter(data_set=code, number=number).prefetch_related("errata").first()
    if found is None:
        raise _not_found(f"{code} {number}")
    _refuse_altered(found)
    return found


def get_proposal(number: int) -> ReleaseProposal:
    """A proposal with its matter, its digest compared. Raises NotFound; Refused where the content was altered in the database."""
    found = ReleaseProposal.objects.select_related("matter", "proposed_by").filter(pk=number).first()
    if found is None:
        raise _not_found(f"#{number}")
    _refuse_altered(found)
    return found


def newer_than(version: DataVersion) -> DataVersion | None:
    """The newest version, if it is a later one."""
    last = DataVersion.objects.defer("content").filter(data_set=version.data_set).order_by("-id").first()
    return last if last is not None and last.pk != version.pk else None


def citation(version: DataVersion, address: str) -> Text:
    """How to cite a version: GB/T 7714-2015 (data set, online) and an English form."""
    said = version.structure
    day = version.published_on
    return Text(
        f"{said['producer']['zh']}. {said['name']['zh']}[DS/OL]. {version.number}版. ({day.isoformat()})[引用日期]. {address}.",
        f"{said['producer']['en']} ({day.year}). {said['name']['en']} (version {version.number}) [data set]. Published {day.isoformat()}. {address}")


def _refuse_altered(found: DataVersion | ReleaseProposal) -> None:
    if hashlib.sha256(found.content.encode()).hexdigest() != found.sha256:
        raise Refused.because("published_data_altered", f"“{found.data_set}”{found.number} 版的数据与其校验值不符，不予提供。",
                              f"The data of {found.data_set} {found.number} differs from its digest and is not given out.", measured=found.data_set,
                              remedy=("请联系系统管理员核查审计记录。", "Ask the administrator to check the audit trail."))


def _not_found(what: str) -> NotFound:
    return NotFound(Finding.error("data_not_published", f"没有发布过“{what[:80]}”。", f"“{what[:80]}” is not published.", measured=what[:80],
                                  remedy=("已发布的数据集见 /data。", "See /data for what is published.")))
