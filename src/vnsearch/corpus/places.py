"""Names of places that stand where a byline could: in the place-and-date line of a report, beside a date, in a weather box."""

from __future__ import annotations

import re

__all__ = ["is_place"]

# The provinces and cities of the country, before and after the mergers of 2025, and the towns that news is dated from.
_PROVINCES = """
an giang|ba ria ?[-–] ?vung tau|bac giang|bac kan|bac lieu|bac ninh|ben tre|binh dinh|binh duong|binh phuoc|binh thuan|ca mau|can tho|cao bang|da nang|
dak lak|dac lac|dak nong|dac nong|dien bien|dong nai|dong thap|gia lai|ha giang|ha nam|ha noi|ha tinh|hai duong|hai phong|hau giang|hoa binh|hung yen|
khanh hoa|kien giang|kon tum|lai chau|lam dong|lang son|lao cai|long an|nam dinh|nghe an|ninh binh|ninh thuan|phu tho|phu yen|quang binh|quang nam|
quang ngai|quang ninh|quang tri|soc trang|son la|tay ninh|thai binh|thai nguyen|thanh hoa|thua thien ?[-–]? ?hue|hue|tien giang|ho chi minh|hcm|
tra vinh|tuyen quang|vinh long|vinh phuc|yen bai|sai gon|da lat|nha trang|vung tau|quy nhon|buon ma thuot|viet tri|ha long|dien bien phu
"""
_PLACE = re.compile(
    rf"(?:(?:tp\.?|t\.?p\.?|thanh pho|tinh) ?)?(?:{_PROVINCES.replace(chr(10), '')})"
    r"|(?:tp\.|thanh pho|tinh|thi xa|thi tran|huyen|quan|phuong|xa|tx\.|tt\.|q\.|p\.|h\.) ?\w+(?: \w+){0,4}"
)


def is_place(key: str) -> bool:
    """Return whether a folded line is wholly the name of a place.

    >>> is_place("can tho"), is_place("tp. ho chi minh"), is_place("huyen u minh"), is_place("ngoc thuy")
    (True, True, True, False)
    """
    return _PLACE.fullmatch(key) is not None
