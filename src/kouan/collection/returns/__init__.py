"""Statutory returns (报送): forms as data, filled by workbook, page or program, reviewed port → province → nation, signed into figures.

Docs: docs/returns.md. Sources: 中华人民共和国统计法 on the marks that a survey form bears; 国家“十四五”口岸发展规划 四(五), 五(三).
"""
