"""The sign-ins of a demonstration: somebody for every role, and an office for every desk a procedure names.

Made only where ``DEBUG`` is on, and refused at sign-in without it.
"""

from __future__ import annotations

from typing import Any

from kouan.accounts.models import Role

ORGANISATIONS: tuple[dict[str, Any], ...] = (
    {"code": "npo", "kind": "national_office", "name_zh": "国家口岸管理办公室", "name_en": "National Office of Port Administration"},
    {"code": "gd", "kind": "provincial_office", "name_zh": "广东省人民政府口岸办公室", "name_en": "Guangdong port office", "province_code": "44"},
    {"code": "yn", "kind": "provincial_office", "name_zh": "云南省人民政府口岸办公室", "name_en": "Yunnan port office", "province_code": "53"},
    {"code": "xjbt", "kind": "corps_office", "name_zh": "新疆生产建设兵团口岸管理部门（演示）",
     "name_en": "Port office of the Xinjiang Corps (demonstration)", "reports_to": ["npo"]},
    {"code": "sz", "kind": "city_office", "name_zh": "深圳市人民政府口岸办公室", "name_en": "Shenzhen port office", "province_code": "44",
     "city_code": "440300", "port_codes": ["luohu-rail", "futian-rail"], "reports_to": ["npo", "gd"]},
    {"code": "gacc", "kind": "ministry", "name_zh": "海关总署（演示）", "name_en": "Customs administration (demonstration)"},
    {"code": "nia", "kind": "ministry", "name_zh": "国家移民管理局（演示）", "name_en": "Immigration administration (demonstration)"},
    {"code": "mot", "kind": "ministry", "name_zh": "交通运输部（演示）", "name_en": "Ministry of Transport (demonstration)"},
    {"code": "caac", "kind": "ministry", "name_zh": "中国民用航空局（演示）", "name_en": "Civil aviation administration (demonstration)"},
    {"code": "mfa", "kind": "ministry", "name_zh": "外交部（演示）", "name_en": "Ministry of Foreign Affairs (demonstration)"},
    {"code": "bianban", "kind": "ministry", "name_zh": "中央编办（演示）", "name_en": "Staffing office (demonstration)"},
    {"code": "lh-bianjian", "kind": "inspection_agency", "name_zh": "罗湖出入境边防检查站（演示）",
     "name_en": "Luohu border inspection (demonstration)", "province_code": "44", "port_codes": ["luohu-rail"]},
    {"code": "gz-haiguan", "kind": "inspection_agency", "name_zh": "直属海关（演示）", "name_en": "Customs district (demonstration)",
     "province_code": "44"},
    {"code": "zhuanjia", "kind": "expert_panel", "name_zh": "口岸专家组（演示）", "name_en": "Panel of experts (demonstration)"},
    {"code": "lh", "kind": "port_operator", "name_zh": "罗湖口岸经营单位（演示）", "name_en": "Luohu port operator (demonstration)",
     "province_code": "44", "port_codes": ["luohu-rail"]},
    {"code": "qiye", "kind": "enterprise", "name_zh": "演示企业有限公司", "name_en": "Demonstration Enterprise Ltd"},
)

# In the order in which the sign-in page shows them: the national office, down the house, then those beside it.
USERS: tuple[tuple[str, str, str, str], ...] = (
    ("guojia", "国家口岸办（演示）", "npo", Role.NATIONAL_OFFICER),
    ("fuzeren", "国家口岸办负责人（演示）", "npo", Role.NATIONAL_LEADER),
    ("guangdong", "广东口岸办（演示）", "gd", Role.PROVINCIAL_OFFICER),
    ("guangdong-fuzeren", "广东口岸办负责人（演示）", "gd", Role.PROVINCIAL_LEADER),
    ("yunnan", "云南口岸办（演示）", "yn", Role.PROVINCIAL_OFFICER),
    ("bingtuan", "兵团口岸办（演示）", "xjbt", Role.PROVINCIAL_OFFICER),
    ("shenzhen", "深圳口岸办（演示）", "sz", Role.CITY_OFFICER),
    ("haiguan", "海关总署（演示）", "gacc", Role.MINISTRY_OFFICER),
    ("yimin", "国家移民管理局（演示）", "nia", Role.MINISTRY_OFFICER),
    ("jiaotong", "交通运输部（演示）", "mot", Role.MINISTRY_OFFICER),
    ("minhang", "民航局（演示）", "caac", Role.MINISTRY_OFFICER),
    ("waijiao", "外交部（演示）", "mfa", Role.MINISTRY_OFFICER),
    ("bianban", "中央编办（演示）", "bianban", Role.MINISTRY_OFFICER),
    ("luohu-bianjian", "罗湖边检（演示）", "lh-bianjian", Role.INSPECTION_OFFICER),
    ("zhishu-haiguan", "直属海关（演示）", "gz-haiguan", Role.INSPECTION_OFFICER),
    ("zhuanjia", "专家（演示）", "zhuanjia", Role.EXPERT),
    ("zhuanjia-er", "专家二（演示）", "zhuanjia", Role.EXPERT),
    ("luohu", "罗湖报送员（演示）", "lh", Role.PORT_REPORTER),
    ("qiye", "企业用户（演示）", "qiye", Role.ENTERPRISE_USER),
    ("shenji", "数据审计员（演示）", "npo", Role.AUDITOR),
    ("guanli", "系统管理员（演示）", "npo", Role.ADMINISTRATOR),
)
