"""What a reader may name: a port, a point, a benchmark port, a province, the nation, a publisher's group.

Every door asks here, so that a name which is not there and one that lies out of scope get the same
answer everywhere, and the attempt on somebody else's data leaves its trace.
"""

from __future__ import annotations

from typing import Any

from kouan.audit import record_event
from kouan.basis import Finding, NotFound, Place, SubjectKind, SubjectRef, codes, nearest
from kouan.collection.granted import is_shared
from kouan.collection.models import Series
from kouan.collection.visibility import scope_for
from kouan.ports.models import BenchmarkPort, CounterpartPoint
from kouan.ports.queries import get_port

NATION = SubjectRef.of(SubjectKind.NATION, "CN")


def subject_for(user: Any, text: str) -> SubjectRef:
    """The subject that a text names (``port:luohu-rail``, ``province:44``, ``nation``).

    Raises NotFound where there is none, or none in the user's scope: the answer is the same, the
    audit entry ``out_of_scope`` is written for the second only. Refused where the text is no reference.
    """
    wanted = NATION if text.strip() == SubjectKind.NATION else SubjectRef.parse(text)
    if wanted.kind is SubjectKind.PORT:
        # Figures of a port out of scope, reached by a grant: the figures only, never the port.
        if not is_shared(user, wanted):
            get_port(user, wanted.code)
        return wanted
    is_there, is_visible = _standing(user, wanted)
    if is_there and (is_visible or is_shared(user, wanted)):
        return wanted
    if is_there:
        record_event("out_of_scope", actor_id=getattr(user, "pk", None),
                     payload={"kind": wanted.kind.value, "code": wanted.code})
    raise _unknown(user, wanted)


def _standing(user: Any, subject: SubjectRef) -> tuple[bool, bool]:
    """(there is such a thing, the user may see it)."""
    match subject.kind:
        case SubjectKind.NATION:
            return subject == NATION, True
        case SubjectKind.PROVINCE:
            is_there = any(each.code == subject.code for each in codes.mainland_provinces)
            return is_there, scope_for(user).covers_province(subject.code)
        case SubjectKind.COUNTERPART_POINT:
            points = CounterpartPoint.objects.filter(code=subject.code)
            return points.exists(), points.visible_to(user).exists()
        case SubjectKind.BENCHMARK_PORT if BenchmarkPort.objects.filter(code=subject.code).exists():
            return True, BenchmarkPort.objects.visible_to(user).filter(code=subject.code).exists()
    known = Series.objects.filter(subject_kind=subject.kind, subject_code=subject.code)
    return known.exists(), known.visible_to(user).exists()


def _unknown(user: Any, subject: SubjectRef) -> NotFound:
    near = nearest(subject.code, _codes(user, subject.kind))
    known_zh = f"是否为：{'、'.join(f'{subject.kind}:{code}' for code in near)}？" if near else ""
    known_en = f"Did you mean {', '.join(f'{subject.kind}:{code}' for code in near)}? " if near else ""
    return NotFound(Finding.error(
        "unknown_subject", f"没有“{subject}”这个对象，或者它不在您的查看范围内。",
        f"There is no “{subject}”, or not in your scope.", where=Place(field="subject"), measured=str(subject),
        remedy=(f"{known_zh}请核对代码；省份用两位代码（province:44），全国为 nation:CN。",
                f"{known_en}Check the code; a province has two digits (province:44), the nation is nation:CN."),
    ))


def _codes(user: Any, kind: SubjectKind) -> list[str]:
    """Codes of the kind that the user may see: no suggestion tells of what lies out of scope."""
    match kind:
        case SubjectKind.PROVINCE:
            scope = scope_for(user)
            return [each.code for each in codes.mainland_provinces if scope.covers_province(each.code)]
        case SubjectKind.COUNTERPART_POINT:
            return list(CounterpartPoint.objects.visible_to(user).values_list("code", flat=True))
        case SubjectKind.BENCHMARK_PORT:
            return list(BenchmarkPort.objects.visible_to(user).values_list("code", flat=True))
    found = Series.objects.visible_to(user).filter(subject_kind=kind).order_by()
    return list(found.values_list("subject_code", flat=True).distinct())
