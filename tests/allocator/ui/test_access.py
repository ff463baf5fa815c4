"""A login where one is configured: who is let in, and that nobody else sees a figure."""

import pytest
from streamlit import config
from streamlit.runtime.secrets import Secrets

from allocator.ui import access
from tests.allocator.ui.pages_under_test import APP, AppTest, figure, without_exception

AUTH = {"client_id": "x", "client_secret": "y", "server_metadata_url": "http://127.0.0.1:9/", "redirect_uri": "z"}
ANN = {"is_logged_in": True, "email": "ann@fund.example", "email_verified": True}


def opened(monkeypatch, reader, **secrets):
    monkeypatch.setattr(access, "_reader", lambda: reader)
    monkeypatch.setattr(access, "_secrets", lambda: secrets)
    return without_exception(AppTest.from_file(str(APP), default_timeout=60).run())


def is_open(at):
    return bool(at.metric)


def test_without_a_login_configured_the_pages_are_open(monkeypatch):
    monkeypatch.setattr(access, "_reader", lambda: pytest.fail("nobody asks who reads on loopback"))
    at = without_exception(AppTest.from_file(str(APP), default_timeout=60).run())
    assert figure(at, "NPV")


def test_who_is_not_logged_in_sees_a_button_and_no_figure(monkeypatch):
    at = opened(monkeypatch, {"is_logged_in": False}, auth=AUTH, access={"emails": [ANN["email"]]})
    assert at.button(key="log_in")
    assert not is_open(at)


@pytest.mark.parametrize(
    "listed",
    [{"emails": ["ANN@fund.example"]}, {"domains": ["fund.example"]}, {"emails": [], "domains": ["FUND.EXAMPLE"]}],
)
def test_who_is_on_the_list_is_let_in(monkeypatch, listed):
    assert is_open(opened(monkeypatch, ANN, auth=AUTH, access=listed))


@pytest.mark.parametrize(
    ("reader", "listed"),
    [
        (ANN, {}),
        (ANN, {"emails": "ann@fund.example"}),
        (ANN, {"emails": ["bob@fund.example"], "domains": ["example"]}),
        ({**ANN, "email_verified": False}, {"emails": ["ann@fund.example"]}),
        ({**ANN, "email_verified": "true"}, {"emails": ["ann@fund.example"]}),
        ({"is_logged_in": True}, {"domains": [""], "emails": [""]}),
        ({**ANN, "email": "ann@fund.example@evil.example"}, {"domains": ["fund.example"]}),
    ],
)
def test_who_is_not_on_the_list_is_told_so_and_sees_no_figure(monkeypatch, reader, listed):
    at = opened(monkeypatch, reader, auth=AUTH, access=listed)
    assert at.button(key="log_out")
    assert "not on the list" in at.error[0].value
    assert not is_open(at)


def test_a_file_of_secrets_that_cannot_be_read_lets_nobody_in(tmp_path, monkeypatch):
    broken = tmp_path / "secrets.toml"
    broken.write_text('[auth]\nclient_id = "unclosed\n')
    before = config.get_option("secrets.files")
    monkeypatch.setattr(access.st, "secrets", Secrets())
    config.set_option("secrets.files", [str(broken)])
    try:
        at = without_exception(AppTest.from_file(str(APP), default_timeout=60).run())
    finally:
        config.set_option("secrets.files", before)
    assert "nobody is let in" in at.error[0].value
    assert not is_open(at)
