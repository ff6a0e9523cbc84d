"""All entities that are kept on both sides, by name. Adding one here is what makes it travel.

Their order is that of a first sync (S20): what others refer to, and what is small, comes first.
"""

from rollbook.domain.attendance import ATTENDANCE_CODE, ATTENDANCE_MARK, REGISTER_TAKEN
from rollbook.domain.calendar import ACADEMIC_SESSION
from rollbook.domain.classes import COURSE, ENROLMENT, SECTION, SECTION_ENROLMENT, SECTION_TEACHER
from rollbook.domain.entity import EntityType
from rollbook.domain.grades import CATEGORY, FINAL_GRADE, GRADE_SCALE, LINE_ITEM, RESULT
from rollbook.domain.merging import MERGE
from rollbook.domain.people import CARE, CONTACT, NOTE, STAFF, STUDENT_CONTACT
from rollbook.domain.school import SCHOOL
from rollbook.domain.student import STUDENT

ENTITIES: dict[str, EntityType] = {
    entity.name: entity
    for entity in (
        SCHOOL,
        ACADEMIC_SESSION,
        ATTENDANCE_CODE,
        GRADE_SCALE,
        COURSE,
        STAFF,
        SECTION,
        SECTION_TEACHER,
        STUDENT,
        CONTACT,
        STUDENT_CONTACT,
        MERGE,
        ENROLMENT,
        CARE,
        SECTION_ENROLMENT,
        CATEGORY,
        LINE_ITEM,
        NOTE,
        REGISTER_TAKEN,
        ATTENDANCE_MARK,
        RESULT,
        FINAL_GRADE,
    )
}
