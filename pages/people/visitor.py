"""Who the visitor of a page is: by the account that is logged in, else by the cookie of the browser's workspace.

A browser that keeps no cookies has a workspace for as long as its tab is open. Where nobody visits by a browser, as in
a test of a page, the page is the machine's own.
"""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.session_manager import ClientContext

from training.people.cookies import cookie_name, new_workspace_id, owner_of_id, read_cookie
from training.people.doors import is_teacher
from training.people.server_secret import fingerprint
from training.people.viewer import Viewer
from training.people.workspaces import workspace_of

__all__ = ["address", "has_accounts", "is_kept", "is_logged_in", "sits_here", "visitor"]

OF_THE_TAB = "workspace-of-this-tab"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
FORWARDED = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via")


def visitor() -> Viewer | None:
    """The visitor that the running page is drawn for; None outside of a page, and where nobody visits by a browser."""
    client = _client()
    if client is None:
        return None
    owner = owner_of_id(_workspace_id(client))
    links = workspace_of(owner).links
    return Viewer(owner, "teacher" if is_teacher(owner) else "visitor", local=sits_here(client), links=links)


def is_kept() -> bool:
    """Whether a reload finds the workspace again: there is an account, or a cookie."""
    client = _client()
    return client is None or bool(_account()) or read_cookie(client.cookies.get(cookie_name())) is not None


def is_logged_in() -> bool:
    """Whether the visitor has logged in to an account."""
    return bool(_account())


def has_accounts() -> bool:
    """Whether visitors can log in: `.streamlit/secrets.toml` names who says who they are."""
    try:
        return bool(st.secrets.get("auth"))
    except FileNotFoundError:
        return False


def address() -> str:
    """Where the visitor comes from."""
    client = _client()
    return (client.remote_ip or "") if client is not None else ""


def sits_here(client: ClientContext) -> bool:
    """Whether a browser reaches the server from the same machine, and through no proxy."""
    headers = {name.lower(): value for name, value in client.headers}
    if not _is_loopback(client.remote_ip or "") or any(name in headers for name in FORWARDED):
        return False
    try:
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    return host in LOOPBACK or host.endswith(".localhost")  # no foreign name that leads here


def _is_loopback(address: str) -> bool:
    """Whether an address is the machine's own; an IPv4 one may be written as IPv6 does, ::ffff:127.0.0.1."""
    try:
        found = ip_address(address)
    except ValueError:
        return address in LOOPBACK
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback


def _client() -> ClientContext | None:
    """The connection of the browser that the running page is drawn for."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not runtime.exists():
        return None
    found: Any = getattr(runtime.get_instance().get_client(context.session_id), "client_context", None)
    return found if isinstance(getattr(found, "cookies", None), Mapping) else None


def _workspace_id(client: ClientContext) -> str:
    if account := _account():
        return account
    if (found := read_cookie(client.cookies.get(cookie_name()))) is not None:
        return found[0]
    kept: str = st.session_state.setdefault(OF_THE_TAB, new_workspace_id())
    return kept


def _account() -> str:
    """The workspace id of the account that is logged in; "" where none is."""
    context = get_script_run_ctx(suppress_warning=True)
    account: Mapping[str, Any] = context.user_info if context is not None else {}
    if account.get("is_logged_in") is not True or not account.get("sub"):
        return ""
    return fingerprint("account", str(account.get("iss", "")), str(account["sub"]))
