"""A guide as a page of HTML: its own text only, nothing from elsewhere, no script."""

from html import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from rollbook.help_guides import Guide, anchor, guides

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Rollbook</title>
<link rel="stylesheet" href="/help/style.css">
</head>
<body>
<nav aria-label="Guides">
<p><a href="/help">Rollbook: help</a></p>
<ul>
{guides}
</ul>
</nav>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def contents_page() -> str:
    """The list of all guides."""
    return _page("Help", "<p>Choose a guide. The window shows the same ones: press F1 there.</p>", "")


def guide_page(guide: Guide) -> str:
    """One guide."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(guide.text)
    for token, inside in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and inside is not None:
            token.attrSet("id", anchor(_words(inside)))
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", _address(str(child.attrGet("href") or "")))
    return _page(guide.title, markdown.renderer.render(tokens, markdown.options, {}), guide.key)


def _page(title: str, body: str, key: str) -> str:
    listed = "\n".join(_item(each, here=each.key == key) for each in guides())
    return _PAGE.format(title=escape(title), guides=listed, body=body)


def _item(guide: Guide, *, here: bool) -> str:
    mark = ' aria-current="page"' if here else ""
    return f'<li><a href="/help/{guide.key}"{mark}>{escape(guide.title)}</a></li>'


def _words(inline: Token) -> str:
    return "".join(child.content for child in inline.children or ())


def _address(link: str) -> str:
    """``conflicts.md#heading`` is ``/help/conflicts#heading`` here."""
    file, mark, heading = link.partition("#")
    return f"/help/{file.removesuffix('.md')}{mark}{heading}" if file.endswith(".md") else link
