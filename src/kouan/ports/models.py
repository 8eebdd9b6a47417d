"""What the register records.

A ``Port`` is one State Council approval and one mode (A-19). Its attributes change by
``PortChange`` rows on two clocks: true from ``valid_from``, known since ``recorded_at``,
each with the document that changed it. The columns of ``Port`` itself are the state that
holds today, kept in step by actions.py so that lists stay fast; ``queries.state_of`` folds
the changes for any other date. Layout rows, counterpart points, benchmark ports and projects
are other things and have tables of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from kouan.accounts.action import System
from kouan.accounts.scope import Scope, scope_of
from kouan.audit.registry import register
from kouan.basis import clock

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from kouan.accounts.models import User

    Reader = User | AnonymousUser | System | None


class TransportMode(models.TextChoices):
    """How a port is reached."""

    WATER = "water", "水运"
    RAIL = "rail", "铁路"
    ROAD = "road", "公路"
    AIR = "air", "航空"


class TransportClass(models.TextChoices):
    """The seven columns of 专栏6."""

    SEA = "sea", "海运"
    INLAND_RIVER = "inland_river", "内河"
    BOUNDARY_RIVER = "boundary_river", "界河"
    RAIL = "rail", "铁路"
    ROAD = "road", "公路"
    AIR_COASTAL = "air_coastal", "沿海航空"
    AIR_OTHER = "air_other", "其他航空"


class PortStatus(models.TextChoices):
    """Operating status; not the layout status of a plan row (A-16)."""

    UNKNOWN = "unknown", "运行状态待核"
    PLANNED = "planned", "规划建设"
    APPROVED = "approved", "已批准未验收"
    OPEN = "open", "开放运行"
    SUSPENDED = "suspended", "暂停"
    MERGED = "merged", "已整合"
    CLOSED = "closed", "已关闭"


class Approval(models.TextChoices):
    """What the register can show for the port's approval."""

    STATE_COUNCIL = "state_council", "国务院批复已登记"
    PLAN_LISTED = "plan_listed", "列入规划布局，批复待登记"
    UNVERIFIED = "approval_unverified", "批准情况待核"


class EventKind(models.TextChoices):
    """What happens to a port as a whole; the plan counts these per five years (R-003, R-004)."""

    OPENING = "opening", "新增开放"
    EXPANSION = "expansion", "扩大开放"
    CLOSURE = "closure", "关闭"
    MERGER = "merger", "优化整合"
    ACCEPTANCE = "acceptance", "通过验收"


class Relation(models.TextChoices):
    """How a counterpart point and the port it faces share their crossings."""

    ONE_TO_ONE = "one_to_one", "一一对应"
    PARTIAL = "partial", "部分对应"
    SEVERAL = "several", "对应多个口岸"
    NONE = "none", "无对应口岸"


class CodeScheme(models.TextChoices):
    """Whose code it is (R-227). ``name`` rows are names by which people call a port."""

    UNLOCODE = "unlocode", "UN/LOCODE"
    UNLOCODE_2017 = "unlocode_2017", "UN/LOCODE（2017年版，现行版已改）"
    IATA = "iata", "IATA 机场代码"
    CUSTOMS_2018 = "customs_2018", "海关口岸代码（2018年）"
    GBT_15514 = "gbt_15514", "GB/T 15514 口岸代码"
    NAME = "name", "名称"


class HubTier(models.TextChoices):
    """Role of an air layout row (专栏4). Never the grade of a port (A-15)."""

    INTERNATIONAL = "international_hub", "国际枢纽"
    REGIONAL = "regional_hub", "区域枢纽"


def scope_for(reader: Reader) -> Scope:
    """The scope of a user; of the system itself (setup, jobs), everything."""
    return Scope(everything=True) if isinstance(reader, System) else scope_of(reader)


class PortQuerySet(models.QuerySet["Port"]):
    """Ports, and who may see which."""

    def visible_to(self, user: Reader) -> PortQuerySet:
        """Only the ports in the user's scope (DESIGN.md, contract 7).

        Scope goes by where a port belongs today, also when an earlier state is read: a port
        that moved to another province took its history along.
        """
        scope = scope_for(user)
        if scope.everything:
            return self
        if not scope:
            return self.none()
        mine = Q(code__in=scope.ports) | Q(province_code__in=scope.provinces - {""})
        for city in scope.cities - {""}:
            # A prefecture's code (440300) holds the counties under it (4403xx).
            mine |= Q(city_code__startswith=city[:4]) if city.endswith("00") else Q(city_code=city)
        return self.filter(mine)

    def counted(self) -> PortQuerySet:
        """The ports that count: a group (苏州) is a heading, its members are the ports."""
        return self.filter(is_group=False)


@register
class Port(models.Model):
    """口岸. ``code`` is the register's own, readable and permanent: ``luohu-rail``."""

    code = models.SlugField("口岸代码", max_length=64, unique=True)
    mode = models.CharField("运输方式", max_length=8, choices=TransportMode.choices)
    name_zh = models.CharField("名称", max_length=80)
    short_name_zh = models.CharField("简称", max_length=40)
    name_en = models.CharField("英文名称", max_length=120, blank=True)
    pinyin = models.CharField("简称拼音", max_length=160, db_index=True)
    initials = models.CharField("简称拼音首字母", max_length=40, db_index=True)
    province_code = models.CharField("省级行政区划代码", max_length=2, blank=True)
    city_code = models.CharField("市县行政区划代码", max_length=6, blank=True)
    city_name = models.CharField("所在市县", max_length=60, blank=True)
    neighbour_code = models.CharField("毗邻国家（地区）", max_length=2, blank=True)
    transport_class = models.CharField("运输类别", max_length=16, choices=TransportClass.choices, null=True, blank=True)
    class_basis = models.CharField("类别依据", max_length=200, blank=True)
    class_needs_review = models.BooleanField("类别须复核", default=False)
    is_border = models.BooleanField("边境口岸", null=True, blank=True)
    status = models.CharField("运行状态", max_length=12, choices=PortStatus.choices, default=PortStatus.UNKNOWN)
    approval = models.CharField("批准情况", max_length=24, choices=Approval.choices, default=Approval.UNVERIFIED)
    approved_on = models.DateField("批准日期", null=True, blank=True)
    accepted_on = models.DateField("通过验收日期", null=True, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="members")
    is_group = models.BooleanField("含成员口岸", default=False)
    latitude = models.DecimalField("纬度", max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField("经度", max_digits=8, decimal_places=5, null=True, blank=True)
    position_source = models.CharField("坐标来源", max_length=200, blank=True)
    source_note = models.CharField("登记来源", max_length=300, blank=True)
    version = models.PositiveIntegerField("版本", default=1)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    objects = PortQuerySet.as_manager()

    class Meta:
        ordering = ["pinyin", "code"]
        indexes = [models.Index(fields=["province_code", "mode"], name="port_province_mode")]
        verbose_name = verbose_name_plural = "口岸"

    def __str__(self) -> str:
        return self.name_zh


# What a PortChange may be about. Identity (code, mode) never changes: another mode is another
# approval and so another port. ``parent`` is recorded as the parent's code.
ATTRIBUTES = (
    "name_zh", "short_name_zh", "name_en", "pinyin", "initials",
    "province_code", "city_code", "city_name", "neighbour_code",
    "transport_class", "class_basis", "class_needs_review", "is_border",
    "status", "approval", "approved_on", "accepted_on",
    "parent", "is_group", "latitude", "longitude", "position_source", "source_note",
)


@register
class PortChange(models.Model):
    """One attribute of one port became this value from this date, by this document.

    ``valid_from`` empty: true since before our records. A correction is a later row with the
    same ``valid_from``; nothing here is ever edited.
    """

    port = models.ForeignKey(Port, models.PROTECT, related_name="changes")
    attribute = models.CharField("事项", max_length=32)
    value = models.JSONField("内容", null=True)
    valid_from = models.DateField("生效日期", null=True, blank=True)
    document = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")
    reason = models.CharField("理由", max_length=400, blank=True)
    from_seed = models.BooleanField("随系统附带", default=False)
    actor_id_recorded = models.BigIntegerField("登记人", null=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["port_id", "attribute", "recorded_at", "id"]
        indexes = [models.Index(fields=["port", "attribute", "valid_from"], name="port_change_lookup")]
        verbose_name = verbose_name_plural = "口岸变更"


@register
class PortEvent(models.Model):
    """新增开放、扩大开放、关闭、优化整合、验收: what happened, when, by which document.

    Kept beside the changes because the plan counts events (R-003, R-004), and a change of status
    is not always one: evidence that a port runs does not mean that it was opened that day.
    """

    port = models.ForeignKey(Port, models.PROTECT, related_name="events")
    kind = models.CharField("事项", max_length=12, choices=EventKind.choices)
    happened_on = models.DateField("日期")
    into = models.ForeignKey(Port, models.PROTECT, null=True, blank=True, related_name="events_into")
    document = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")
    reason = models.CharField("理由", max_length=400, blank=True)
    actor_id_recorded = models.BigIntegerField("登记人", null=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["happened_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["port", "kind", "happened_on", "document"], name="port_event_once")
        ]
        indexes = [models.Index(fields=["kind", "happened_on"], name="port_event_kind")]
        verbose_name = verbose_name_plural = "口岸事项"


@register
class PortCode(models.Model):
    """A code that somebody else gives the port, with its scheme and dates (R-227).

    A code at place level (UN/LOCODE) may be shared by the ports of one place; one at port
    level names a single port at a time.
    """

    port = models.ForeignKey(Port, models.PROTECT, related_name="codes")
    scheme = models.CharField("代码体系", max_length=24, choices=CodeScheme.choices)
    code = models.CharField("代码", max_length=80)
    names_place = models.BooleanField("地点级代码", default=False)
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)
    document = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["scheme", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["port", "scheme", "code"], condition=Q(valid_to__isnull=True), name="port_code_once"
            ),
            models.UniqueConstraint(
                fields=["scheme", "code"],
                condition=Q(names_place=False, valid_to__isnull=True),
                name="port_code_names_one_port",
            ),
        ]
        verbose_name = verbose_name_plural = "口岸对照代码"


class PlanQuerySet(models.QuerySet["models.Model"]):
    """Rows that every reader of the console may see: the published plan, and benchmarks abroad."""

    def visible_to(self, user: Reader) -> PlanQuerySet:
        """All of them for whoever has any scope; nothing for the public and for enterprises."""
        return self if scope_for(user) else self.none()


@register
class LayoutEntry(models.Model):
    """A row of 专栏2, 3 or 4: a place in a layout, not a port (A-19)."""

    layout_id = models.CharField("布局编号", max_length=16, unique=True)
    box = models.CharField("专栏", max_length=16)
    name_zh = models.CharField("名称", max_length=80)
    name_en = models.CharField("英文名称", max_length=120, blank=True)
    mode = models.CharField("运输方式", max_length=8, choices=TransportMode.choices)
    region_zh = models.CharField("区域", max_length=40, blank=True)
    region_en = models.CharField("区域（英文）", max_length=80, blank=True)
    role = models.CharField("布局角色", max_length=32, blank=True)
    role_zh = models.CharField("布局角色名称", max_length=40, blank=True)
    hub_tier = models.CharField("枢纽层级", max_length=24, choices=HubTier.choices, blank=True)
    is_planned = models.BooleanField("括号内：规划建设未启动", default=False)
    names_city = models.BooleanField("条目为城市", default=False)
    is_group = models.BooleanField("含成员", default=False)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="members")
    province_code = models.CharField("省级行政区划代码", max_length=2, blank=True)
    neighbour_code = models.CharField("毗邻国家", max_length=2, blank=True)
    quote = models.CharField("原文", max_length=300, blank=True)
    note = models.CharField("说明", max_length=400, blank=True)
    note_en = models.CharField("说明（英文）", max_length=400, blank=True)
    ports = models.ManyToManyField(Port, through="LayoutLink", related_name="layout_entries")

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["box", "layout_id"]
        verbose_name = verbose_name_plural = "布局条目"


@register
class LayoutLink(models.Model):
    """Which ports stand behind a layout row: many to many.

    A link made here names its document or says why there is none; the bundled ones came with the plan.
    """

    entry = models.ForeignKey(LayoutEntry, models.PROTECT, related_name="links")
    port = models.ForeignKey(Port, models.PROTECT, related_name="layout_links")
    basis = models.CharField("依据", max_length=200)
    document = models.ForeignKey("desk.Document", models.PROTECT, null=True, blank=True, related_name="+")
    why_no_document = models.CharField("无依据文件的理由", max_length=200, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "port"], name="layout_link_once")]
        verbose_name = verbose_name_plural = "布局条目与口岸"


class CounterpartPointQuerySet(models.QuerySet["CounterpartPoint"]):
    """Counterpart points, and who may see which."""

    def visible_to(self, user: Reader) -> CounterpartPointQuerySet:
        """Points whose port the user sees; those that face no single port, the national office only."""
        scope = scope_for(user)
        if scope.everything:
            return self
        if not scope:
            return self.none()
        return self.filter(port__in=Port.objects.visible_to(user))


@register
class CounterpartPoint(models.Model):
    """对侧口岸点: a source of counts of the same crossing. Never scored, ranked, graded or judged."""

    code = models.SlugField("代码", max_length=64, unique=True)
    name_zh = models.CharField("名称", max_length=80)
    name_en = models.CharField("英文名称", max_length=120)
    region_code = models.CharField("国家（地区）", max_length=2)
    mode = models.CharField("运输方式", max_length=8)
    port = models.ForeignKey(Port, models.PROTECT, null=True, blank=True, related_name="counterpart_points")
    relation = models.CharField("对应关系", max_length=16, choices=Relation.choices)
    coverage_note_zh = models.CharField("口径说明", max_length=300, blank=True)
    coverage_note_en = models.CharField("口径说明（英文）", max_length=300, blank=True)
    source_note = models.CharField("来源", max_length=200, blank=True)

    objects = CounterpartPointQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = verbose_name_plural = "对侧口岸点"


@register
class BenchmarkPort(models.Model):
    """对标口岸 abroad: outside the register, without transport class, never counted."""

    code = models.CharField("代码", max_length=16, unique=True)
    name = models.CharField("名称", max_length=80)
    state = models.CharField("州", max_length=40)
    border = models.CharField("边界", max_length=40)
    latitude = models.DecimalField("纬度", max_digits=8, decimal_places=5, null=True)
    longitude = models.DecimalField("经度", max_digits=8, decimal_places=5, null=True)
    set_code = models.CharField("对标组", max_length=24, default="us-land")

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = verbose_name_plural = "对标口岸"


@register
class Project(models.Model):
    """A project of 专栏7–10, with the ports it names."""

    project_id = models.CharField("项目编号", max_length=16, unique=True)
    box = models.CharField("出处", max_length=16)
    programme_zh = models.CharField("工程", max_length=80)
    programme_en = models.CharField("工程（英文）", max_length=120, blank=True)
    object_zh = models.CharField("对象", max_length=120)
    mode = models.CharField("运输方式", max_length=12, blank=True)
    kind = models.CharField("内容", max_length=160, blank=True)
    kind_en = models.CharField("内容（英文）", max_length=160, blank=True)
    counterpart_code = models.CharField("对应国家（地区）", max_length=2, blank=True)
    quote = models.CharField("原文", max_length=300, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    note_en = models.CharField("说明（英文）", max_length=300, blank=True)
    ports = models.ManyToManyField(Port, through="ProjectLink", related_name="projects")

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["project_id"]
        verbose_name = verbose_name_plural = "规划项目"


@register
class ProjectLink(models.Model):
    """A project names this port."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="links")
    port = models.ForeignKey(Port, models.PROTECT, related_name="project_links")
    basis = models.CharField("依据", max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "port"], name="project_link_once")]
        verbose_name = verbose_name_plural = "规划项目与口岸"


@register
class RegisterLoad(models.Model):
    """One loading of the bundled register: what it held, and what it changed here."""

    digest = models.CharField("内容校验值", max_length=64)
    counts = models.JSONField("数量", default=dict)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = verbose_name_plural = "名录装载记录"
