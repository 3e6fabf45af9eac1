import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.people.cookies import (
    LONGEST_SECONDS,
    cookie_name,
    cookie_value,
    new_workspace_id,
    owner_of_id,
    read_cookie,
)
from training.people.places import is_owner

ID = "aIhpvk44MPUM7z3XqZC2_g"


def test_a_cookie_holds_its_workspace() -> None:
    assert read_cookie(cookie_value(ID, now=1000.0), now=1017.0) == (ID, 17.0)


def test_an_id_cannot_be_guessed_and_its_folder_does_not_tell_it() -> None:
    ids = {new_workspace_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", each) for each in ids)
    assert is_owner(owner_of_id(ID))
    assert ID[:4] not in owner_of_id(ID)


@pytest.mark.parametrize("age", [LONGEST_SECONDS + 1.0, -100_000.0])
def test_one_that_is_too_old_or_from_the_future_is_none(age: float) -> None:
    assert read_cookie(cookie_value(ID, now=1e9), now=1e9 + age) is None


def test_another_servers_cookie_has_another_name_and_another_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    name, value = cookie_name(), cookie_value(ID)
    monkeypatch.setenv("ELBO_LAB_SECRET", "the secret of some other server")
    assert cookie_name() != name
    assert read_cookie(value) is None


def test_a_changed_letter_is_found_anywhere() -> None:
    value = cookie_value(ID, now=time.time())
    for place, letter in enumerate(value):
        changed = value[:place] + ("1" if letter != "1" else "2") + value[place + 1 :]
        assert read_cookie(changed) is None, place


@given(st.one_of(st.text(), st.binary(), st.none(), st.from_regex(r"[\w-]{22}\.\d{1,12}\.[0-9a-f]{32}")))
def test_anything_else_is_none(value: object) -> None:
    assert read_cookie(value) is None
