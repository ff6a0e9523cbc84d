"""Packages of many files: OneRoster 1.1 and 1.2, School Data Sync (D8, D11)."""

from rollbook.exchange.package.folder import NotAPackageError, PackageFiles, is_package, read_files
from rollbook.exchange.package.outcome import PackagePlan, PartPlan
from rollbook.exchange.package.planning import plan_package
from rollbook.exchange.package.report import package_as_data, package_as_text
from rollbook.exchange.package.writing import Exported, write_oneroster

__all__ = [
    "Exported",
    "NotAPackageError",
    "PackageFiles",
    "PackagePlan",
    "PartPlan",
    "is_package",
    "package_as_data",
    "package_as_text",
    "plan_package",
    "read_files",
    "write_oneroster",
]
