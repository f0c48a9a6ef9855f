"""What a column name says about keys: numbers and texts that name a unit, and codes that name a kind."""

from __future__ import annotations

import re

_NAME_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_KEY_WORDS = frozenset({"id", "ids", "uuid", "guid", "key"})
# These end a name that holds keys ("Family No."); at its beginning they count things or deny them ("no_of_visits").
_NUMBER_WORDS = frozenset({"nr", "no", "nbr"})
_COUNT_WORDS = frozenset({"n", "num", "number", "count", "total"})
_CODE_WORDS = frozenset({"code", "codes", "zip", "zipcode", "postcode", "plz", "fips"})
_PERSON_WORDS = frozenset({"name"})
PERSON_WORDS = frozenset(
    [
        *(
            "patient",
            "subject",
            "person",
            "participant",
            "family",
            "household",
            "individual",
            "customer",
            "user",
        ),
        *(
            "client",
            "member",
            "donor",
            "animal",
            "mouse",
            "speaker",
            "student",
            "employee",
            "author",
            "volunteer",
        ),
        *("case", "pedigree", "kindred", "twin"),
    ]
)
# Of these a bare name may be an amount or a kind as well: the size of a family, the case of a noun.
_LOOSE_WORDS = frozenset({"family", "case", "member", "author", "twin", "mouse", "pedigree", "kindred"})


def split_name(name: str) -> tuple[str, ...]:
    """The lower-case words of a column name.

    Example:
        >>> split_name("PassengerId"), split_name("patient_nbr"), split_name("Family No.")
        (('passenger', 'id'), ('patient', 'nbr'), ('family', 'no'))
    """
    return tuple(part.lower() for part in _NAME_PART.findall(name))


def is_key_name(name: str) -> bool:
    """True when a column name says that it holds keys: id, uuid, key anywhere; nr, no, nbr at the end.

    Example:
        >>> is_key_name("encounter_id"), is_key_name("covid"), is_key_name("num_medications")
        (True, False, False)
        >>> is_key_name("Family No."), is_key_name("no_of_visits"), is_key_name("NO2")
        (True, False, False)
    """
    words = split_name(name)
    if not words or words[0] in _COUNT_WORDS:
        return False
    return not _KEY_WORDS.isdisjoint(words) or words[-1] in _NUMBER_WORDS


def is_person_key(name: str) -> bool:
    """True when a column name says that it holds the keys of persons or families: such keys are never amounts.

    Example:
        >>> is_person_key("patient_id"), is_person_key("SubjectNo"), is_person_key("site_id"), is_person_key("patient")
        (True, True, False, False)
    """
    words = split_name(name)
    return is_key_name(name) and len(words) > 1 and words[-2] in PERSON_WORDS


def is_bare_person(name: str) -> bool:
    """True when a column is called after persons, with nothing else: "subject", "Patient".

    Example:
        >>> is_bare_person("subject#"), is_bare_person("subject_weight"), is_bare_person("patients")
        (True, False, False)
    """
    words = split_name(name)
    return len(words) == 1 and words[0] in PERSON_WORDS


def is_loose_person(name: str) -> bool:
    """True when a bare name may be an amount or a kind as well: "family" may be its size.

    Example:
        >>> is_loose_person("Family"), is_loose_person("patient")
        (True, False)
    """
    return is_bare_person(name) and split_name(name)[0] in _LOOSE_WORDS


def is_code_name(name: str) -> bool:
    """True when a column name ends as those of codes do: code, zip, postcode.

    Example:
        >>> is_code_name("zip_code"), is_code_name("coded_value")
        (True, False)
    """
    return split_name(name)[-1:] != () and split_name(name)[-1] in _CODE_WORDS


def is_person_name(name: str) -> bool:
    """True when a column name says that it holds names.

    Example:
        >>> is_person_name("Name"), is_person_name("namespace")
        (True, False)
    """
    return not _PERSON_WORDS.isdisjoint(split_name(name))
