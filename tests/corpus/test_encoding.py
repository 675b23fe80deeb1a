"""Bytes to text."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnsearch.corpus.encoding import decode, detect_encoding
from vnsearch.errors import ReadError

TEXT = "Ủy ban nhân dân quận Đống Đa tổ chức hội nghị “khen thưởng” – năm 2023…\nNghĩa Tân, Hà Nội."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode(encoding: str) -> None:
    assert decode(TEXT.encode(encoding)).text == TEXT


def test_utf16_big_endian_with_mark() -> None:
    assert decode(b"\xfe\xff" + TEXT.encode("utf-16-be")).text == TEXT


def test_windows_1258_is_composed() -> None:
    apart = "Quâ\u0323n \u0110ô\u0301ng \u0110a khen th\u01b0\u01a1\u0309ng"
    decoded = decode(apart.encode("cp1258"))
    assert decoded.text == "Quận Đống Đa khen thưởng"
    assert decoded.encoding == "cp1258"


def test_decomposed_utf8_is_left_as_it_is() -> None:
    assert decode("Qua\u0302\u0323n".encode()).text == "Qua\u0302\u0323n"


def test_line_ends() -> None:
    assert decode(b"a\r\nb\rc\n").text == "a\nb\nc\n"


def test_a_file_cut_inside_a_letter() -> None:
    decoded = decode((TEXT * 3).encode() + "ế".encode()[:2])
    assert decoded.text == TEXT * 3 + "\ufffd"
    assert decoded.replaced == 1


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\0\1\2\3",
        b"abc\0def",
        b"\x89PNG\r\n\x1a\n\0\0\0",
        bytes(range(256)) * 8,
        b"%PDF-1.7\n" + bytes(range(128, 256)) * 8,
        b"\x01\x02\x03" * 50,
    ],
)
def test_binary_files(data: bytes) -> None:
    with pytest.raises(ReadError):
        decode(data)


def test_a_declared_charset_is_honoured_in_markup_only() -> None:
    data = b'<meta charset="windows-1252"><p>caf\xe9 d\xe9j\xe0</p>'
    assert "café déjà" in decode(data, markup=True).text
    data = '<?xml version="1.0" encoding="UTF-16"?><p>đường</p>'.encode()
    assert "đường" in decode(data, markup=True).text
    assert "đường" in decode('<meta charset="no-such"><p>đường</p>'.encode(), markup=True).text
    assert "đường" in decode('<meta charset="hex"><p>đường</p>'.encode(), markup=True).text
    assert "đường" in decode('<meta charset="ascii"><p>đường</p>'.encode(), markup=True).text


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes(data: bytes, markup: bool) -> None:
    detect_encoding(data)
    with contextlib.suppress(ReadError):
        decode(data, markup=markup)


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), max_size=200))
def test_any_utf8_text_comes_back(text: str) -> None:
    assert decode(text.encode()).text == text.removeprefix("\ufeff")
