"""``kouan backup`` and ``kouan restore``: everything of an installation in one encrypted file, and back."""

from __future__ import annotations

from pathlib import Path

import typer

from kouan.cli.output import out, say, show_findings, status_of, tell, write_json


def mount(app: typer.Typer) -> None:
    """Put both on the main command."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    to: Path = typer.Argument(help="写入的文件，不覆盖已有文件 / file to write; nothing is overwritten"),
    keys: Path | None = typer.Option(None, help="密钥另存到此文件，请与备份分开保管 / keys into this file, to be kept apart"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """运行中备份数据库、文件和配置，加密为一个文件。 / Back up database, documents and home files while running, encrypted in one file.

    口令取自环境变量 KOUAN_BACKUP_PASSPHRASE。 / The passphrase comes from KOUAN_BACKUP_PASSPHRASE.

    例：kouan backup /backup/2026-03-06.kouan --keys /safe/2026-03-06.keys
    """
    from kouan.backup import back_up

    kept = back_up(to.resolve(), keys_to=keys.resolve() if keys else None)
    if json:
        write_json({"file": str(to), "sha256": kept.sha256, "files": kept.files, "bytes": kept.size, "rows": kept.rows})
        return
    out.print(say(f"已备份 {kept.files} 个文件、{kept.rows} 行：{to}\nSHA-256 {kept.sha256}",
                  f"Backed up {kept.files} files, {kept.rows} rows: {to}\nSHA-256 {kept.sha256}"), markup=False)


def restore(
    source: Path = typer.Argument(help="备份文件 / the backup"),
    keys: Path | None = typer.Option(None, help="密钥备份 / the backup of the keys"),
    verify: bool = typer.Option(True, help="恢复后核对行数、升级记录和审计链 / compare rows, migrations and the audit chain afterwards"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """恢复到空的 KOUAN_HOME 和空数据库，并核验。 / Restore into an empty home and database, and verify.

    例：KOUAN_HOME=/srv/kouan-new kouan restore /backup/2026-03-06.kouan --keys /safe/2026-03-06.keys --verify

    退出状态：0 恢复且核验无误；1 拒绝或核验不符；2 参数不能使用。
    / Exit status: 0 restored and verified, 1 refused or not the same, 2 unusable arguments.
    """
    from kouan.audit.keys import forget_keys
    from kouan.audit.verify import verify as verify_trail
    from kouan.backup import differences
    from kouan.backup import restore as bring_back
    from kouan.basis import Finding

    manifest = bring_back(source.resolve(), keys=keys.resolve() if keys else None)
    findings: list[Finding] = []
    if verify:
        forget_keys()
        findings = [Finding.error("restored_differs", f"与清单不符：{each}", f"Not as the manifest says: {each}")
                    for each in differences(manifest)]
        findings += verify_trail(anchor=None).findings
    rows = sum(manifest["rows"].values())
    if json:
        write_json({"rows": rows, "files": len(manifest["files"]), "verified": verify and not status_of(findings),
                    "findings": [each.as_dict() for each in findings]})
    else:
        show_findings(findings)
        tell(f"已恢复 {len(manifest['files'])} 个文件、{rows} 行。", f"Restored {len(manifest['files'])} files, {rows} rows.")
        if verify and not status_of(findings):
            tell("核验无误：清单、行数、升级记录、审计链。", "Verified: manifest, rows, migrations, audit chain.")
    raise typer.Exit(status_of(findings))
