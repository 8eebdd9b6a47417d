"""Whether a paper proves anything: it must hold a file, and the file must still be the one that was registered."""

from __future__ import annotations

from kouan.basis import Finding, Place, Refused
from kouan.desk.models import Document
from kouan.desk.queries import check_version


def require_proof(paper: Document | None, field: str = "evidence") -> None:
    """Refused where there is no paper, no file in it, or a file that differs from its checksum (read anew each time)."""
    where = Place(field=field)
    versions = list(paper.versions.filter(disposed_at__isnull=True)) if paper is not None else []
    if not versions:
        raise Refused.because(
            "evidence_missing", "没有证明材料文件，不能办理。", "There is no file of evidence.", where=where,
            remedy=("请上传证明材料文件；只登记名称不作为证明。", "Attach the file; a title alone proves nothing."))
    wrong = [check for each in versions if (check := check_version(each)).state != "same"]
    if wrong:
        raise Refused([Finding.error(
            "evidence_altered", f"证明材料“{each.version.file_name}”与登记的校验值不符或已不在档案中。",
            f"The evidence “{each.version.file_name}” differs from its checksum on record, or is gone.", where=where,
            measured=each.found or each.state, required=each.version.sha256,
            remedy=("请由报送单位重新上传，或由系统管理员从备份恢复。", "Let it be attached anew, or restored from backup.")) for each in wrong])
