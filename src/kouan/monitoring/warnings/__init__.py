"""预警: what the detectors see, told once to the desk of the right office, acknowledged, acted on, verified and closed with its cause.

国家“十四五”口岸发展规划 三(三)、四(六)、五(三) (R-020, R-021, R-042, R-150, R-174). Each warning runs as a matter of the desk under
``procedures/early_warning.yaml``; the rules of detection stand in ``monitoring.detection``.
"""
