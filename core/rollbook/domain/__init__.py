"""What a school is: entities, rules, identifiers, time. Pure; imports the standard library only (H1)."""
