"""Who may see the pages: whoever reaches loopback, or, where a login is configured, those on the list.

A login says who somebody is; the list says who may come in. With ``[auth]`` in the secrets (see docs/serving.md) and
no list, nobody may: a forgotten line must not open the doors.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

AUTH, ACCESS = "auth", "access"


def admitted() -> bool:
    """Whether this reader may see the pages; if not, says so and draws the way in or out."""
    try:
        secrets = _secrets()
    except StreamlitSecretNotFoundError:
        st.title("Megawatt allocator")
        st.error("The file of secrets cannot be read, so nobody is let in. Its owner must mend it.")
        return False
    if AUTH not in secrets:
        return True
    reader = _reader()
    if not reader.get("is_logged_in"):
        st.title("Megawatt allocator")
        st.markdown("These pages are for those whom their owner has let in.")
        st.button("Log in", key="log_in", type="primary", icon=":material/login:", on_click=st.login)
        return False
    if is_listed(reader, secrets.get(ACCESS, {})):
        return True
    st.title("Megawatt allocator")
    st.error(
        "You are logged in, but this address is not on the list of those who may see these pages. "
        "Ask their owner to add it."
    )
    st.button("Log out", key="log_out", icon=":material/logout:", on_click=st.logout)
    return False


def is_listed(reader: Mapping[str, Any], access: Mapping[str, Any]) -> bool:
    """Whether a reader's verified address, or the domain of it, is on the list.

    >>> is_listed({"email": "Ann@fund.example", "email_verified": True}, {"domains": ["fund.example"]})
    True
    >>> is_listed({"email": "ann@fund.example", "email_verified": False}, {"domains": ["fund.example"]})
    False
    >>> is_listed({"email": "ann@evil.example", "email_verified": True}, {})
    False
    """
    email = str(reader.get("email") or "").strip().lower()
    name, at, domain = email.rpartition("@")
    if not (name and at and domain) or reader.get("email_verified") is not True:
        return False
    emails, domains = (_lower(access.get(key)) for key in ("emails", "domains"))
    return email in emails or domain in domains


def _lower(given: Any) -> set[str]:
    return {str(item).strip().lower() for item in given} if isinstance(given, (list, tuple)) else set()


def _secrets() -> Mapping[str, Any]:
    """What is configured; nothing where there is no file of secrets.

    Raises
    ------
    StreamlitSecretNotFoundError
        If there is one and it cannot be read.
    """
    if not any(Path(place).exists() for place in st.config.get_option("secrets.files")):
        return {}
    return {key: st.secrets[key] for key in st.secrets}


def _reader() -> Mapping[str, Any]:
    """What the login says of the reader."""
    return dict(st.user.to_dict())
