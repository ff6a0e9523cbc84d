"""The parents of the made-up families: each a contact once, whatever number of children they have."""

from collections.abc import Iterator
from random import Random
from typing import Any

from rollbook.domain.ids import natural_id
from rollbook.server.demo.chance import chance_of, made_up_id
from rollbook.server.demo.generate import Child, Family
from rollbook.server.demo.names import names_of
from rollbook.server.sync.new_records import NewRecord

_PARENTS = (("mother", "female"), ("father", "male"))
_ALONE, _APART, _BY_GRANDPARENTS, _HAS_MAIL = 0.12, 0.1, 0.02, 0.7


def guardians_of(family: Family, children: list[Child], school_id: str, seed: int) -> Iterator[NewRecord]:
    """The contacts of a family, and who they are to each child."""
    number = children[0].number
    chance = chance_of(seed, "guardians", number)
    parents = list(_PARENTS)
    chance.shuffle(parents)
    if chance.random() < _ALONE:
        parents = parents[:1]
    apart, grandparents = chance.random() < _APART, chance.random() < _BY_GRANDPARENTS
    for place, (relationship, sex) in enumerate(parents, 1):
        contact_id = made_up_id("contact", seed, number, relationship)
        yield "contact", contact_id, _contact(chance, family, sex, number, place)
        lives_apart = apart and place > 1
        values = {
            "contact_id": contact_id,
            "relationship": "grandparent" if grandparents else relationship,
            "custody": "yes" if not lives_apart or chance.random() < 0.6 else "no",
            "lives_with": "no" if lives_apart else "yes",
            "priority": place,
            "may_be_called": "yes",
            "may_be_mailed": "yes" if chance.random() < 0.8 else "no",
        }
        for child in children:
            link_id = natural_id("student_contact", school_id, child.id, contact_id)
            yield "student_contact", link_id, {"student_id": child.id, **values}


def _contact(chance: Random, family: Family, sex: str, number: int, place: int) -> dict[str, Any]:
    stock, origin = names_of(family.origin), family.origin
    given, surname = chance.choice(stock.forenames(sex)), family.surname.of(sex)
    mobile = f"59{chance.randrange(100):02d} {chance.randrange(1000):03d} {chance.randrange(1000):03d}"
    values = {
        "given_name": given.native if origin.own_script else given.latin,
        "family_name": surname.native if origin.own_script else surname.latin,
        "phone": family.phone if place == 1 else None,
        "mobile": mobile,
        "email": f"parent{number}.{place}@example.org" if chance.random() < _HAS_MAIL else None,
        "address": family.address,
        "home_language": family.home_language,
    }
    if origin.script and not origin.own_script:
        values["native_name"] = origin.order.format(given=given.native, family=surname.native)
    return {name: value for name, value in values.items() if value is not None}
