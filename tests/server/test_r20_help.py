"""R20: the guides are pages of the server, for everybody, and safe: their own text and nothing else."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from rollbook.help_guides import GUIDES, Guide, guides
from rollbook.server.app import create_app
from rollbook.server.help.pages import guide_page
from support.school_server import AsgiClient, settings_for


class Found(HTMLParser):
    """Tags with their attributes, and what is read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.words += data

    def all_of(self, name: str) -> set[str]:
        """The values of an attribute."""
        return {str(attributes[name]) for _tag, attributes in self.tags if name in attributes}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> AsgiClient:
    """A server whose database is not there: help is for when things go wrong."""
    folder: Path = tmp_path_factory.mktemp("help")
    return AsgiClient(create_app(settings_for("postgresql+psycopg://nobody@127.0.0.1:9/none", folder)))


@pytest.mark.parametrize("address", ["/help", *(f"/help/{key}" for key in GUIDES)])
def test_r20_a_page_loads_nothing_from_elsewhere_and_runs_nothing(client: AsgiClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    found = Found(answer.text)
    assert not {"script", "img", "iframe", "style", "form"} & {tag for tag, _attributes in found.tags}
    assert not [name for _tag, attributes in found.tags for name in attributes if name.startswith("on")]
    assert "style" not in {name for _tag, attributes in found.tags for name in attributes}
    assert all(link.startswith(("/help", "#")) for link in found.all_of("href"))


def test_r20_every_link_leads_to_a_page_and_a_place_in_it(client: AsgiClient) -> None:
    links = {
        (address, link)
        for address in ("/help", *(f"/help/{key}" for key in GUIDES))
        for link in Found(client.get(address).text).all_of("href")
    }
    assert {f"/help/{key}" for key in GUIDES} <= {link for _address, link in links}
    lost = []
    for address, link in sorted(links):
        page, _mark, place = link.partition("#")
        answer = client.get(page or address)
        if answer.status_code != 200 or (place and place not in Found(answer.text).all_of("id")):
            lost.append((address, link))
    assert lost == []


def test_r20_the_text_is_all_there_and_tables_are_tables(client: AsgiClient) -> None:
    for guide in guides():
        found = Found(client.get(f"/help/{guide.key}").text)
        assert found.words.count(guide.title) >= 2
        headings = re.findall(r"^## (.+)$", guide.text, re.MULTILINE)
        assert headings
        assert all(heading in found.words for heading in headings)
        assert "|" not in found.words
    assert "table" in {tag for tag, _attributes in Found(client.get("/help/incidents").text).tags}


def test_r20_html_in_a_guide_is_shown_not_obeyed() -> None:
    text = '<script>alert(1)</script>\n\n<b onclick="x">b</b> [x](javascript:alert(1)) `<i>`'
    found = Found(guide_page(Guide("x", "<u>Title</u>", text)))
    assert not {"script", "b", "i", "u"} & {tag for tag, _attributes in found.tags}
    assert "<script>alert(1)</script>" in found.words
    assert "<u>Title</u>" in found.words
    assert not [link for link in found.all_of("href") if "javascript" in link]


def test_r20_what_is_no_guide_is_a_problem_and_the_style_is_ours(client: AsgiClient) -> None:
    for key in ("nothing", "..%2F..%2Fpyproject", "working-offline.md"):
        answer = client.get(f"/help/{key}")
        assert (answer.status_code, answer.json()["error"]) == (404, "not-found")
    style = client.get("/help/style.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "url(" not in style.text
    assert "@import" not in style.text
    assert "prefers-color-scheme: dark" in style.text
