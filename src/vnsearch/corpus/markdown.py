"""Markdown -> plain lines, a title, and the fields of a simple front matter. No more than reports need."""

from __future__ import annotations

import re

__all__ = ["front_matter", "plain_text"]

_FIELD = re.compile(r"([\w][\w .-]*?)\s*:(?:\s+(.*))?$")
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^()\s]*(?:\([^()]*\))?[^()]*\)")
_LINK = re.compile(r"\[([^\]]+)\]\((?:[^()\s]|\([^()]*\))*(?:\s+[\"'][^\"']*[\"'])?\)")
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_RULE = re.compile(r"^ {0,3}(?:=+|-{3,}|\*{3,}|_{3,})\s*$")


def front_matter(text: str) -> tuple[dict[str, str], str]:
    r"""Return the ``key: value`` lines between two ``---`` at the start, and the rest; nothing else of YAML is read.

    >>> front_matter("---\ntitle: Tin\n---\nNội dung")
    ({'title': 'Tin'}, 'Nội dung')
    """
    lines = text.lstrip("\ufeff\n").split("\n")
    if lines[0].strip() != "---":
        return {}, text
    fields: dict[str, str] = {}
    for number, line in enumerate(lines[1:], 1):
        if line.strip() in ("---", "..."):
            return fields, "\n".join(lines[number + 1 :])
        match = _FIELD.match(line.strip())
        if match:
            value = (match[2] or "").strip()
            if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            fields[match[1].strip().lower()] = value
        elif line.strip() and not line.startswith((" ", "\t", "-", "#")):
            break  # running text between two rules is no front matter
    return {}, text


def plain_text(text: str) -> tuple[str | None, str]:
    r"""Return the first level-one heading (or None) and the text without the marks of Markdown.

    >>> plain_text("# Hội nghị\n\n![ảnh](a.png) Xem [văn bản](http://x.vn/a_(b)) **mới**.")
    ('Hội nghị', 'Hội nghị\n\nảnh Xem văn bản mới.')
    """
    title: str | None = None
    lines: list[str] = []
    for raw in text.split("\n"):
        if _RULE.match(raw):
            lines.append("")
            continue
        heading = _HEADING.match(raw)
        line = heading[2] if heading else raw.lstrip("> ") if raw.startswith(">") else raw
        line = _STRONG.sub(r"\2", _LINK.sub(r"\1", _IMAGE.sub(r"\1", line)))
        if heading and title is None and len(heading[1]) == 1:
            title = line.strip() or None
        lines.append(line)
    return title, "\n".join(lines)
