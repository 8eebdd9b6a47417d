"""English for the notes that this system itself wrote into the register; what others wrote stays as it is.

The notes of the bundled register are clauses of a few kinds (docs/register.md), joined by ；. A note with any clause
that is not known here, because an officer wrote it, is shown in Chinese as a whole: half a sentence helps nobody.

>>> english("规划专栏3 BDR-12；毗邻国家和所在市县按地理位置登记，待核")
'Box 3 of the plan, BDR-12; neighbouring country and place registered by position, to be verified'
>>> english("由当地口岸办补正") is None
True
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from kouan.basis import Text
from kouan.ports.models import TransportMode

# Attributes of the register whose values are sentences.
NOTES = frozenset({"class_basis", "source_note", "position_source"})

_BY_POSITION = "registered by position, to be verified"
_CLAUSES: tuple[tuple[str, str], ...] = (
    # the basis of the class
    (r"建议值，待国家口岸办确认（(A-\d+)）", r"suggested, to be confirmed by the national office (\1)"),
    (r"建议值，须复核，待国家口岸办确认（(A-\d+)）：省份兼具沿海与沿边",
     r"suggested, to be reviewed and confirmed by the national office (\1): the province has both a coast and a land border"),
    (r"建议值，须复核，待国家口岸办确认（(A-\d+)）：沿海省份，城市不临海",
     r"suggested, to be reviewed and confirmed by the national office (\1): a coastal province, a city not on the sea"),
    (r"列入规划专栏2海运口岸布局", "listed in the sea layout of the plan (Box 2)"),
    (r"列入专栏2海运布局，但位于长江下游，适用海运还是内河标准待国家口岸办确定（(A-\d+)）",
     r"listed in the sea layout (Box 2) but on the lower Yangtze; the national office is to say which standard applies, sea or river (\1)"),
    (r"来源未注明海运、内河或界河，待核", "the source does not say sea, river or border river; to be verified"),
    (r"规划五（一）1称长江流域航运中心，按内河登记，待核",
     "part 5 (1) 1 of the plan calls it a shipping centre of the Yangtze; registered as river, to be verified"),
    # the source of the entry
    (r"规划专栏(\d+) ((?:BDR|AIR|SEA)-\d+)", r"Box \1 of the plan, \2"),
    (r"规划专栏(\d+) ((?:BDR|AIR|SEA)-\d+)（括号内：规划建设，尚未启动）", r"Box \1 of the plan, \2 (in brackets: planned, not started)"),
    (r"毗邻国家和所在市县按地理位置登记，待核", f"neighbouring country and place {_BY_POSITION}"),
    (r"毗邻国家按地理位置登记，待核", f"neighbouring country {_BY_POSITION}"),
    (r"毗邻国家按地理位置登记", "neighbouring country registered by position"),
    (r"所在市县按地理位置登记，待核", f"place {_BY_POSITION}"),
    (r"公开的边境口岸名单（不完整，非官方）", "a public list of border ports (incomplete, not official)"),
    (r"来源未注明方式，按陆路边境口岸登记为公路，待核",
     "the source gives no mode; registered as road, being a land border port, to be verified"),
    (r"来源未注明方式，按 UN/LOCODE 功能码（港口）登记为水运，待核",
     "the source gives no mode; registered as water by its UN/LOCODE function (harbour), to be verified"),
    (r"布局条目为城市，该市各水运口岸的批复待分别登记", "the layout names a city; the replies of its water ports are to be registered one by one"),
    (r"规划列城市名，该市国际机场分别登记", "the plan names the city; its international airports are registered one by one"),
    (r"规划专栏(\d+)点名", r"named in Box \1 of the plan"),
    (r"规划部分处印作“琿春”", "in places the plan prints 琿春"),
    (r"列入布局不证明已运行（(A-\d+)）", r"being in the layout does not prove that it operates (\1)"),
    (r"规划专栏(\d+)公路口岸项目", r"a road port project of Box \1 of the plan"),
    (r"规划专栏(\d+)航空口岸项目（货运）", r"an air port project of Box \1 of the plan (cargo)"),
    (r"规划专栏(\d+)列为铁路口岸项目", r"a rail port project of Box \1 of the plan"),
    (r"规划专栏(\d+)“关口前移”工程点名", r"named in Box \1 of the plan, under the work of moving controls forward"),
    (r"四（九）要求积极开展建设", "part 4 (9) asks that it be built"),
    (r"建成开通情况待核", "whether it is built and open is to be verified"),
    (r"规划五（一）(\d+)", r"part 5 (1) \1 of the plan"),
    (r"五（一）(\d+)推进建设", r"part 5 (1) \1: to be built"),
    (r"仅见正文，不在专栏(\d+)与专栏(\d+)（(A-\d+)）", r"in the text only, neither in Box \1 nor in Box \2 (\3)"),
    (r"不在专栏(\d+)布局", r"not in the layout of Box \1"),
    (r"原文未注明方式，同句含通往口岸道路建设，按公路登记",
     "the text gives no mode; the same sentence speaks of the road to the port, so registered as road"),
    (r"原文未注明方式，同句含通往口岸道路建设，按公路登记（UN/LOCODE 记为港口），待核",
     "the text gives no mode; the same sentence speaks of the road to the port, so registered as road (a harbour in UN/LOCODE), to be verified"),
    (r"对侧口岸资料“(.+)”", r"counterpart data “\1”"),
    (r"铁路方式与对侧口岸点及新闻一致", "rail, as at the counterpart and in the press"),
    (r"公路方式与新闻一致", "road, as in the press"),
    (r"新闻记为公路和铁路，按对侧口岸点的铁路方式登记，待核",
     "road and rail in the press; registered as rail, as at the counterpart, to be verified"),
    (r"(\d{4}-\d\d-\d\d) 起至 (\d{4}-\d\d-\d\d) 无旅客通关，运行状态待核", r"no passengers from \1 to \2; operating status to be verified"),
    (r"香港口岸区位于深圳一侧", "the Hong Kong port area lies on the Shenzhen side"),
    (r"对侧数据含港澳之间往来", "the counterpart's figures include travel between Hong Kong and Macao"),
    (r"桥另连澳门", "the bridge also leads to Macao"),
    (r"内地口岸区设在西九龙站内，由内地依法管辖，按广东省登记",
     "the Mainland Port Area lies in West Kowloon Station under mainland jurisdiction; registered under Guangdong"),
    (r"苏州为组，成员为张家港、常熟、太仓", "Suzhou is a group; its members are Zhangjiagang, Changshu and Taicang"),
    (r"规划以线路命名，未给出车站或口岸名称", "the plan names the line and gives no name of a station or port"),
    (r"国家移民管理局(\d{4})年中秋假期口岸日均人次（新闻转载，日期为推定）",
     r"daily mean of persons over the Mid-Autumn holiday of \1, National Immigration Administration (republished news; dates inferred)"),
    (r"来源记为康马县，应为定结县，待核", "the source says Kangmar County; it should be Dinggyê County; to be verified"),
    # the source of the position
    (r"GeoNames (\d+)（居民点位置，不是口岸通道；CC BY 4\.0）", r"GeoNames \1 (the settlement, not the crossing; CC BY 4.0)"),
    (r"OurAirports 2022年10月，(.+)", r"OurAirports, October 2022, \1"),
    (r"UN/LOCODE (\d{4}) (.+)（地点位置，精确到分）", r"UN/LOCODE \1, \2 (the place, to the minute)"),
    (r"UN/LOCODE (\d{4}) (.+)（原表名称误作 Fuzhou，位置与漳州相符；地点位置，精确到分）",
     r"UN/LOCODE \1, \2 (named Fuzhou there by mistake; the position is that of Zhangzhou; to the minute)"),
    # why a port is registered as open (ports/seed.py)
    (r"对侧口岸点 (.+) 逐日有通关人数", r"counterpart point \1: persons cleared day by day"),
    (r"新闻转载的通关数据，最早一期截至 (\d{4}-\d\d-\d\d)（(.+)）", r"clearance figures in republished news, the first up to \1 (\2)"),
    (r"最近一期截至 (\d{4}-\d\d-\d\d)", r"the latest up to \1"),
    (r"据此登记为运行，不代表开放日期", "registered as open on this ground; that is not its day of opening"),
)
_COMPILED = tuple((re.compile(pattern), said) for pattern, said in _CLAUSES)
_BY_MODE = {f"按运输方式：{mode.label}": f"by mode: {mode.value}" for mode in TransportMode}
# A ； inside brackets joins parts of one clause.
_JOINTS = re.compile(r"[；。](?![^（]*）)")


@lru_cache(maxsize=1024)
def english(note: str) -> str | None:
    """The note in English; None where it was not written by the system."""
    said = []
    for clause in filter(None, (part.strip() for part in _JOINTS.split(note))):
        found = _BY_MODE.get(clause) or next(
            (match.expand(template) for pattern, template in _COMPILED if (match := pattern.fullmatch(clause))), None
        )
        if found is None:
            return None
        said.append(found)
    return "; ".join(said) if said else None


def note_text(note: Any) -> Text | None:
    """A note of the register in both languages, the Chinese one where there is no English; None for no note."""
    if not note:
        return None
    written = str(note)
    return Text(written, english(written) or written)
