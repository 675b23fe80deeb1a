"""What is sent to the cluster of each report, and the reports back. No cluster is needed."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from random_reports import draw_report
from vnsearch import Index, IndexVersionError, Report, analyze
from vnsearch.analysis import analysis_fingerprint
from vnsearch.index.documents import analyse_reports
from vnsearch.opensearch.documents import Lengths, actions, prepare, report_of
from vnsearch.opensearch.mapping import MAPPING_VERSION, SCALE, check_meta, field_of, index_body, read_meta
from vnsearch.opensearch.terms import EVERY, document_id, label_of, written, written_label
from vnsearch.search.parameters import DEFAULT_FIELDS
from vnsearch.search.scoring import Scorer

LONG = "nghiêng" * 2000
ODD_REPORTS = [
    Report("empty"),
    Report("signs", "?!…", "… — ()"),
    Report("title only", "Quận ủy họp"),
    Report("surrogates", "Tin \ud800", "quận \udfff ủy \udbff"),
    Report("two surrogates", "a", "\ud83d\ude00"),
    Report("nul", "Tin\x00nhanh", "a\x00b \x01\x1f \u2028\u2029 \x7f"),
    Report("quotes", 'Ông "Ba" \\ kể', "{\"a\": '%s %d %%'}\n\t|x|y|"),
    Report("long token", LONG, f"{LONG} quận {LONG}{LONG}"),
    Report("huge", "Số", "1", extra={"n": 1 << 9000, "m": [-(1 << 64)], "k": (1 << 63) - 1}),
    Report("floats", extra={"f": [1e22, -0.0, 5e-324, 1.0, 0.1], "b": [True, None, {}, [], [[]], [{}]], "": {"": ""}, "a.b": {".": 1}}),
    Report("deep", extra={"a": json.loads("[" * 90 + "]" * 90)}),
    Report("long key", extra={"k" * 60_000: 1}),
    Report("local mean time", date=dt.datetime(1900, 1, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=7, minutes=6, seconds=30)))),
    Report("moment", date=dt.datetime(2023, 12, 26, 13, 44, 5, 123456)),
    Report("first day", date=dt.date(1, 1, 1)),
    Report("all", "Tin", "Nội dung", "2019-12-13", "nguồn", "tác giả", "mục", "http://a.b/c", {"tags": ["x", "x", "~x", "\ud800"]}),
    Report("n" * 600),
    Report("ợ" * 200),
    Report("_doc"),
    Report("~tilde"),
    Report("a b/c?d#e,f\n*"),
]  # fmt: skip
FILTERABLE = ("tags", "quận/huyện")


def documents_of(reports: Sequence[Report], lengths: Lengths | None = None) -> list[dict[str, Any]]:
    analysed = analyse_reports(reports, FILTERABLE, packed=False)
    made = actions(analysed, reports, lengths or Lengths.of(analysed))
    assert [identity for identity, _ in made] == [document_id(report.id) for report in reports]
    return [json.loads(source.decode()) for _, source in made]


def frequencies_of(document: dict[str, Any], field: str) -> dict[str, int]:
    """As the cluster reads a weighed field."""
    found = [part.split("|") for part in document[field].split()]
    assert len({term for term, _ in found}) == len(found)
    return {term: int(frequency) for term, frequency in found}


class TestFrequencies:
    @pytest.mark.parametrize("group", ["both", "title", "body"])
    def test_they_are_those_of_the_local_scorer(self, new_index: Callable[..., Index], group: str) -> None:
        chance = random.Random(7)
        reports = [draw_report(chance, str(number)) for number in range(300)]
        reports += [report for report in ODD_REPORTS if not report.extra]
        index = new_index()
        index.add(reports)
        snapshot = index._current
        fields = {name: weight for name, weight in DEFAULT_FIELDS.items() if group in ("both", name)}
        scorer = Scorer(snapshot, fields)
        lengths = Lengths(*(snapshot.lengths(name)[1] for name in ("title", "body")))
        sent = {report.id: document for report, document in zip(reports, documents_of(reports, lengths), strict=True)}
        stored = [report.id for report in index]
        found = [token for report in reports for text in (report.title, report.body) for token in analyze(text)]
        terms_of = {kind: {token.text for token in found if token.kind == kind} for kind in ("syllable", "pair")}
        terms_of["value"] = set(analyse_reports(reports, ()).texts.values)
        compared = 0
        for kind, terms in terms_of.items():
            seen: dict[str, dict[str, int]] = {identity: {EVERY: 1} for identity in stored}
            for term in terms:
                postings = snapshot.postings(kind, term)
                for document, tf in zip(postings.documents.tolist(), scorer.tf(postings).tolist(), strict=True):
                    if tf > 0:
                        sought = frequencies_of(sent[stored[document]], field_of(group, kind))[written(kind, term)]
                        assert sought == pytest.approx(max(1, SCALE * tf), abs=0.51, rel=1e-5), (kind, term)
                        seen[stored[document]][written(kind, term)] = sought
                        compared += 1
            assert seen == {key: frequencies_of(value, field_of(group, kind)) for key, value in sent.items()}
        assert compared > 2000

    def test_a_body_that_opens_with_a_term_counts_it_once_more_than_its_end(self) -> None:
        (document,) = documents_of([Report("a", "", "đầu " + "giữa " * 60 + "cuối")])
        found = frequencies_of(document, "body.syllables")
        assert found["đầu"] - found["cuối"] == SCALE * 0.5
        assert found == frequencies_of(document, "both.syllables")
        assert frequencies_of(document, "title.syllables") == {EVERY: 1}

    def test_words_are_there_for_both_fields_together(self) -> None:
        (document,) = documents_of([Report("a", "Quận ủy họp", "Dân chủ, dân chủ")])
        assert set(frequencies_of(document, "both.words")) == {EVERY, "quận_ủy", "họp", "dân_chủ"}
        assert not {"title.words", "body.words"} & document.keys()

    def test_a_report_counts_the_same_whatever_stands_beside_it(self) -> None:
        chance = random.Random(3)
        reports = [draw_report(chance, str(number)) for number in range(40)] + ODD_REPORTS
        lengths = Lengths(10, 100)
        together = documents_of(reports, lengths)
        alone = [document for report in reports for document in documents_of([report], lengths)]

        def parsed(document: dict[str, Any]) -> dict[str, Any]:
            weighed = [name for name in document if name.partition(".")[0] in ("both", "title", "body")]
            return {**document, **{name: frequencies_of(document, name) for name in weighed}}

        assert list(map(parsed, together)) == list(map(parsed, alone))


class TestLengths:
    def test_they_are_averages_of_what_there_is(self) -> None:
        analysed = analyse_reports(
            [Report("a", "một hai ba", "một " * 100), Report("b", "", "hai " * 50), Report("c")], ()
        )
        assert Lengths.of(analysed) == Lengths(3, 75)
        assert Lengths.of(analyse_reports([Report("c")], ())) == Lengths(12, 300)

    def test_nothing_is_divided_by_zero(self) -> None:
        with np.errstate(all="raise"):
            documents_of([Report("a"), Report("b", "?", "!")])
            assert documents_of([]) == []


class TestTexts:
    def test_the_syllables_stand_in_order(self) -> None:
        (document,) = documents_of([Report("a", "Quận uỷ", f"họp, HỌP | {LONG}")])
        assert document["text.title"] == "quận ủy"
        assert document["text.body"] == f"họp họp {written('syllable', LONG)}"

    def test_no_term_is_longer_than_the_cluster_takes_or_cut_by_it(self) -> None:
        for document in documents_of(ODD_REPORTS):
            for name, value in document.items():
                if name.partition(".")[0] in ("both", "title", "body", "text"):
                    assert all(len(part.encode("utf-16-le")) < 2 * 1000 for part in value.split()), name

    def test_days_and_labels(self) -> None:
        (plain,) = documents_of([Report("a", extra={"quận/huyện": "Ba Đình"})])
        assert {name for name in plain if name.startswith("labels")} == {"labels.label_4313d8eaec8d5881"}
        assert "day" not in plain
        (full,) = documents_of([ODD_REPORTS[15]])
        assert full["day"] == dt.date(2019, 12, 13).toordinal()
        assert [label_of(label) for label in full["labels.tags"]] == ["x", "~x", "\ud800"]
        assert full["labels.source"] == ["nguồn"]


class TestReportsBack:
    @pytest.mark.parametrize("report", ODD_REPORTS, ids=lambda report: report.id[:20])
    def test_a_report_is_the_one_that_was_added(self, report: Report) -> None:
        (document,) = documents_of([report])
        back = report_of(document)
        assert back == report
        assert repr(back) == repr(report)  # -0.0, offsets

    def test_what_json_keeps_is_readable(self) -> None:
        (document,) = documents_of([Report("a", "Tin", "Nội dung", "2019-12-13", extra={"n": 5})])
        assert document["report"] == {
            "id": "a",
            "title": "Tin",
            "body": "Nội dung",
            "date": "2019-12-13",
            "extra": {"n": 5},
        }

    @pytest.mark.parametrize("name", ["surrogates", "two surrogates", "huge", "deep", "long key"])
    def test_what_others_would_not_keep_is_packed(self, name: str) -> None:
        (document,) = documents_of([report for report in ODD_REPORTS if report.id == name])
        assert "packed" in document
        assert "report" not in document

    @pytest.mark.parametrize(
        "source",
        [
            {},
            {"report": None},
            {"report": {"id": "a", "title": "b"}},
            {"report": {"id": "a", "title": "b", "body": 5}},
            {"report": {"id": "a", "title": "b", "body": "c", "date": "hôm qua"}},
            {"report": {"id": "a", "title": "b", "body": "c", "date": 5}},
            {"report": {"id": "a", "title": "b", "body": "c", "other": "x"}},
            {"report": {"id": "a", "title": "b", "body": "c", "extra": []}},
            {"packed": "?"},
            {"packed": ""},
            {"packed": 5},
            {"packed": "AAAA"},
            {"packed": ["AAAA"]},
        ],
    )
    def test_what_makes_no_sense_is_a_value_error(self, source: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="no report"):
            report_of(source)


class TestNames:
    def test_different_terms_are_written_differently(self) -> None:
        terms = [
            "a",
            "~",
            "~a",
            "a|1",
            "a\u00a0b",
            "a\u2028b",
            "\ud800",
            "\udbff",
            "x" * 200,
            "x" * 201,
            "x" * 202,
            "a_b",
        ]
        names = [written("syllable", term) for term in terms]
        assert len({*names, EVERY}) == len(terms) + 1
        assert [len(name.split()) for name in names] == [1] * len(terms)
        assert not any("|" in name for name in names)

    def test_ids_fit_and_differ(self) -> None:
        ids = [
            "a",
            "_a",
            "~a",
            "~" + "0" * 32,
            "ợ" * 166,
            "ợ" * 167,
            "ợ" * 168,
            "x" * 500,
            "x" * 501,
            "x" * 502,
            "\ud800",
        ]
        found = [document_id(identity) for identity in ids]
        assert len(set(found)) == len(ids)
        assert all(len(identity.encode()) <= 500 for identity in found)
        assert not any(identity.startswith("_") for identity in found)

    def test_labels_come_back_and_differ(self) -> None:
        labels = [
            "Ba Đình",
            "~Ba Đình",
            '~"x"',
            "\ud800",
            "\udbff",
            " ",
            "a" * 8000,
            "a" * 8001,
            "a" * 8002,
            "ợ" * 3000,
        ]
        found = [written_label(label) for label in labels]
        assert len(set(found)) == len(labels)
        assert all(len(label.encode()) <= 8191 for label in found)
        assert [label_of(label) for label in found[:7]] == labels[:7]
        assert label_of(found[-1]) == "ợ" * 1000 + "…"

    @pytest.mark.parametrize("written", ["~đ", "~\xff", "~\xe1"])
    def test_what_is_no_label_is_a_value_error(self, written: str) -> None:
        with pytest.raises(ValueError, match="codec can't"):
            label_of(written)


class TestMeta:
    def test_what_an_index_says_of_itself_is_read_back(self) -> None:
        meta = check_meta(index_body(FILTERABLE, 3, 1)["mappings"])
        assert (meta.version, meta.analysis, meta.filterable) == (MAPPING_VERSION, analysis_fingerprint(), FILTERABLE)

    @pytest.mark.parametrize("change", [{"version": MAPPING_VERSION + 1}, {"analysis": "1-other"}])
    def test_what_others_made_is_refused_with_the_way_out(self, change: dict[str, Any]) -> None:
        mapping = index_body((), 1, 0)["mappings"]
        mapping["_meta"]["vnsearch"].update(change)
        assert read_meta(mapping).filterable == ()
        with pytest.raises(IndexVersionError, match="vnsearch rebuild --url"):
            check_meta(mapping)

    @pytest.mark.parametrize(
        "mapping", [{}, {"_meta": {}}, {"_meta": {"vnsearch": 5}}, {"_meta": {"vnsearch": {"version": "1"}}}]
    )
    def test_an_index_that_is_not_ours_is_refused(self, mapping: dict[str, Any]) -> None:
        with pytest.raises(IndexVersionError, match="not made by vnsearch"):
            check_meta(mapping)


def test_worker_processes_make_the_same() -> None:
    reports = [report for report in ODD_REPORTS if report.id != "long token"]
    analysed = analyse_reports(reports, FILTERABLE, packed=False)
    lengths = Lengths.of(analysed)
    assert prepare(reports, FILTERABLE, lengths).actions == actions(analysed, reports, lengths)
