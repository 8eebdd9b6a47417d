"""Which ports take part in the daily exercise (演练), how busy each is, and which office's system tells of it. No real port is so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A port: its mode in events, its persons, conveyances and tonnes on an ordinary day; 0 where it has none of them."""

    code: str
    mode: str
    persons: int = 0
    movements: int = 0
    cargo_tonnes: int = 0

    @property
    def daily(self) -> dict[str, tuple[int, str]]:
        """(size, unit) of each measure that it reports daily."""
        sizes = {"person_crossings": (self.persons, "人次"), "movements": (self.movements, "辆（架、列、艘）次"),
                 "cargo_tonnes": (self.cargo_tonnes, "吨")}
        return {measure: told for measure, told in sizes.items() if told[0]}


# None of those that return by month (returns.py): a day's figures and a month's would count one traffic twice.
PLACES = (
    Place("luohu-rail", "rail", persons=9_000),
    Place("futian-rail", "rail", persons=7_500),
    Place("huanggang-road", "road", persons=3_600, movements=900),
    Place("shenzhen-water", "sea", movements=60, cargo_tonnes=90_000),
    Place("guangzhou-air", "air", persons=5_200, movements=160),
    Place("ruili-road", "road", persons=2_400, movements=700),
    Place("mohan-road", "road", persons=1_500, movements=520),
    Place("shanghai-water", "sea", movements=85, cargo_tonnes=150_000),
    Place("manzhouli-rail", "rail", movements=24, cargo_tonnes=26_000),
)
# Closed in the days before the first: neither figures nor events.
CLOSED, CLOSED_FOR = "manzhouli-rail", 3
CODES = tuple(each.code for each in PLACES)


@dataclass(frozen=True, slots=True)
class Feed:
    """A source of events: whose system it is and for which ports it speaks."""

    code: str
    name_zh: str
    name_en: str
    organisation: str
    ports: tuple[str, ...]


FEEDS = (
    Feed("exercise-guangdong", "演练：广东口岸作业系统", "Exercise: operations system of Guangdong", "gz-haiguan",
         ("luohu-rail", "futian-rail", "huanggang-road", "shenzhen-water", "guangzhou-air")),
    Feed("exercise-yunnan", "演练：云南边境口岸作业系统", "Exercise: operations system of Yunnan's border ports", "yn", ("ruili-road", "mohan-road")),
    Feed("exercise-national", "演练：上海、满洲里口岸作业系统", "Exercise: operations system of Shanghai and Manzhouli", "npo",
         ("shanghai-water", "manzhouli-rail")),
)
# A second system at Luohu whose clock is wrong, so that one finds such a thing to rule on.
SPARE = Feed("exercise-luohu-spare", "演练：罗湖边检备用闸机（时钟有误）", "Exercise: spare gates at Luohu (their clock is wrong)", "lh-bianjian",
             ("luohu-rail",))
