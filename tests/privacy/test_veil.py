from __future__ import annotations

import json

import pytest

from codegen.config.settings import PrivacySettings
from codegen.privacy.veil import Veil

ON = PrivacySettings(redact=("email", "card", "phone", "iban"), patterns={"TICKET": "T-[0-9]+"})


@pytest.fixture
def state(tmp_path):
    return tmp_path / "workspace" / ".codegen"


@pytest.fixture
def veil(state):
    veil = Veil(ON, state)
    yield veil
    veil.close()


def test_a_value_has_the_same_token_wherever_and_whenever_it_is_said(veil, state):
    assert veil.text("ada@example.com, bob@example.com, ada@example.com") == "[EMAIL_1], [EMAIL_2], [EMAIL_1]"
    assert veil.text("T-7 of bob@example.com pays by 4111111111111111") == "[TICKET_1] of [EMAIL_2] pays by [CARD_1]"
    again = Veil(ON, state)
    assert again.text("eve@example.com bob@example.com") == "[EMAIL_3] [EMAIL_2]"
    assert again.restore("s", "t", {"to": "[EMAIL_1]"}) == {"to": "ada@example.com"}
    again.close()
    assert veil.text("eve@example.com") == "[EMAIL_3]", "and two brokers agree"


def test_all_of_a_value_is_covered_and_comes_back(veil):
    value = {"ada@example.com": ["x", {"card": 4111111111111111, "n": 12, "ok": True, "none": None}]}
    covered = veil.cover(value)
    assert covered == {"[EMAIL_1]": ["x", {"card": "[CARD_1]", "n": 12, "ok": True, "none": None}]}
    assert veil.cover(covered) == covered
    assert veil.restore("s", "t", covered) == {
        "[EMAIL_1]": ["x", {"card": "4111111111111111", "n": 12, "ok": True, "none": None}]
    }, "an argument's own name is not a value"


def test_a_json_text_stays_one(veil):
    document = {"rows": [{"mail": "ada@example.com", "tel": "+47 22 12 34 56"}] * 2}
    text = json.dumps(document)
    covered = veil.text(text)
    assert "ada@" not in covered
    assert json.loads(covered) == veil.cover(document)


def test_tokens_within_a_text_are_restored_and_those_that_nobody_was_given_are_left(veil):
    veil.text("ada@example.com")
    said = "Dear [EMAIL_1], not [EMAIL_2], [NOTE_1], [EMAIL_x] or [1]"
    assert veil.restore("s", "t", {"text": said}) == {"text": said.replace("[EMAIL_1]", "ada@example.com")}


def test_only_the_tools_that_may_have_values_get_them(state):
    veil = Veil(PrivacySettings(redact=("email",), restore=("crm.*", "mail.send")), state)
    veil.text("ada@example.com")
    for server, tool, given in (("crm", "find", True), ("mail", "send", True), ("mail", "list", False)):
        assert (veil.restore(server, tool, {"to": "[EMAIL_1]"})["to"] == "ada@example.com") is given
    veil.close()


def test_off_it_gives_back_what_it_was_given_and_writes_nothing(state):
    veil = Veil(PrivacySettings(), state)
    value = {"to": ["ada@example.com", "[EMAIL_1]"]}
    assert veil.cover(value) is value
    assert veil.restore("s", "t", value) is value
    veil.close()
    assert not state.exists()


def test_the_vault_is_the_users_alone(veil, state):
    veil.text("ada@example.com")
    assert (state / "privacy.sqlite").stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700
