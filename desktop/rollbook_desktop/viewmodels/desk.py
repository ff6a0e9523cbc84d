"""Everything that the window shows of one account, as its screens take it."""

from dataclasses import dataclass

from rollbook_desktop.viewmodels.class_list import ClassList
from rollbook_desktop.viewmodels.dashboard import DashboardModel
from rollbook_desktop.viewmodels.engine import EngineModel
from rollbook_desktop.viewmodels.entry_table import EntryTable
from rollbook_desktop.viewmodels.form_fields import FormSection
from rollbook_desktop.viewmodels.record_form import RecordForm
from rollbook_desktop.viewmodels.record_table import RecordTable
from rollbook_desktop.viewmodels.register import RegisterModel
from rollbook_desktop.viewmodels.saving import Saving
from rollbook_desktop.viewmodels.session import Session
from rollbook_desktop.viewmodels.status import StatusModel
from rollbook_desktop.viewmodels.story import StoryModel
from rollbook_desktop.viewmodels.support_file import SupportFile


@dataclass(frozen=True, slots=True)
class Desk:
    """``student_sections`` is the form of a student; the rest are view models."""

    session: Session
    dashboard: DashboardModel
    status: StatusModel
    students: RecordTable
    classes: ClassList
    register: RegisterModel
    student_form: RecordForm
    student_sections: tuple[FormSection, ...]
    saving: Saving
    entries: EntryTable
    story: StoryModel
    support_file: SupportFile
    engine: EngineModel
