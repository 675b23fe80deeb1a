"""A report whose every field means harm to the page that shows it."""

from __future__ import annotations

from vnsearch import Report

#: What may act in a page, and what turns or breaks its text.
HOSTILE = (
    "</title></textarea><script>alert(1)</script>\"><img src=x onerror=alert(2)>'><svg onload=alert(3)>"
    "{{7*7}}&lt;b&gt;\x00\x1b[31m\x9b\u202eđảo\u2066\u2028</p></mark>javascript:alert(4)"
)
HOSTILE_ID = "../x y?a=1#b%2e<script>&\"'\nđò\u202e"
HOSTILE_REPORT = Report(
    HOSTILE_ID,
    f"Chợ nổi {HOSTILE}",
    f"Chợ nổi {HOSTILE} tan muộn.\n{HOSTILE}",
    source=f"Báo {HOSTILE}",
    author=HOSTILE,
    category=HOSTILE,
    url="javascript:alert(5)",
    extra={"huyện": HOSTILE},
)
