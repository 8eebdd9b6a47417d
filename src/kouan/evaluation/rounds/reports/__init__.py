"""The reports of a round: one port's, a province's circular, the nation's; as PDF, Word and workbook with live formulas.

Made only of what their reader may read.

Each states the versions and digests by which its figures can be made again, and bears 演练 and 建议稿 on every page where they hold.
"""

from kouan.evaluation.rounds.reports.bundle import BUNDLE, bundle_later, bundle_of, bundles_of
from kouan.evaluation.rounds.reports.lines import drawable_provinces
from kouan.evaluation.rounds.reports.making import (
    MEDIA,
    Drawn,
    may_draw_national,
    national_file,
    port_file,
    province_file,
)
from kouan.evaluation.rounds.reports.many import port_files

__all__ = ["BUNDLE", "MEDIA", "Drawn", "bundle_later", "bundle_of", "bundles_of", "drawable_provinces", "may_draw_national",
           "national_file", "port_file", "port_files", "province_file"]
