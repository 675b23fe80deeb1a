"""The model: read as data, refused when it is not the one we know."""

import os
import pickle
import random
import re
import shutil
import subprocess
import sys
import threading

import pytest

from vnsearch.errors import SegmentationModelError, VnSearchError
from vnsearch.segment import model_fingerprint, segmenter
from vnsearch.segment.files import fingerprint, locate
from vnsearch.segment.model import _embedded_model, load_model
from vnsearch.segment.segmenter import Segmenter, default_segmenter


@pytest.fixture
def folder(tmp_path):
    """A copy of pyvi's files."""
    shutil.copytree(locate() / "models", tmp_path / "models", ignore=shutil.ignore_patterns("*pos*", "*.crfsuite"))
    return tmp_path


@pytest.fixture(scope="module")
def crf():
    return _embedded_model((locate() / "models" / "pyvi3.pkl").read_bytes())


def test_weights_are_those_of_crfsuites_dump(pyvi_tokenizer, tmp_path):
    pyvi_tokenizer.model.tagger_.dump(str(tmp_path / "dump"))
    dump = (tmp_path / "dump").read_text(encoding="utf-8")
    transitions, states = dump.split("STATE_FEATURES")
    labels = ["B_W", "I_W"]
    # Six decimals, and no weights below half of the last one.
    expected = {
        (name, label): float(weight)
        for name, label, weight in re.findall(r"^  \(0\) (.*?) --> ([BI]_W): (\S+)$", states, re.DOTALL | re.MULTILINE)
    }
    model = load_model()
    found = {
        (name, label): w for name, weights in model.state.items() for label, w in zip(labels, weights, strict=True)
    }
    assert found.keys() >= expected.keys()
    assert all(weight == pytest.approx(expected.get(key, 0.0), abs=1e-6) for key, weight in found.items())
    assert any(weight != round(weight, 6) for weight in found.values())
    for a, before in enumerate(labels):
        for b, after in enumerate(labels):
            weight = re.search(rf"{before} --> {after}: (\S+)", transitions)[1]
            assert model.transition[a][b] == pytest.approx(float(weight), abs=1e-6)


def test_word_list_is_pyvis(pyvi_tokenizer):
    model = load_model()
    assert set(model.pairs) == pyvi_tokenizer.bi_grams
    assert set(model.triples) == pyvi_tokenizer.tri_grams


@pytest.mark.parametrize("name", ["pyvi3.pkl", "words.txt"])
def test_fingerprint_follows_weights_and_words(folder, name):
    assert fingerprint(folder) == model_fingerprint()
    file = folder / "models" / name
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert fingerprint(folder) != model_fingerprint()
    file.unlink()
    with pytest.raises(SegmentationModelError, match=name):
        fingerprint(folder)


def refuse(folder, match):
    with pytest.raises(SegmentationModelError, match=match) as caught:
        load_model(folder)
    assert isinstance(caught.value, VnSearchError)
    assert "pip install 'pyvi==0.1.1'" in str(caught.value)
    assert "pyvi 0." in str(caught.value)


@pytest.mark.parametrize("name", ["pyvi3.pkl", "words.txt"])
def test_missing_file(folder, name):
    (folder / "models" / name).unlink()
    refuse(folder, name)


@pytest.mark.parametrize("kept", [0, 1, 500, 1000, 300_000, 638_000])
def test_truncated_pickle(folder, kept):
    file = folder / "models" / "pyvi3.pkl"
    file.write_bytes(file.read_bytes()[:kept])
    refuse(folder, "cannot read")


def test_words_that_are_not_text(folder):
    (folder / "models" / "words.txt").write_bytes(b"\xff\xfe\n")
    refuse(folder, "utf-8")


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (b"lCRF", b"lCRG", "no crfsuite model"),
        (b"FOMC", b"SOMC", "first-order"),
        (b"I_W\0", b"X_W\0", "labels"),
        (b"word.isdigit()\0", b"word.isdecim()\0", "attribute"),
        (b"FEAT", b"feat", "features"),
        (b"CQDB", b"cqdb", "names"),
        (b"bias\0", b"biasx", "record"),
    ],
)
def test_foreign_model(folder, crf, old, new, match):
    (folder / "models" / "pyvi3.pkl").write_bytes(pickle.dumps(crf.replace(old, new, 1)))
    refuse(folder, match)


def test_model_kept_as_bytes_is_read_too(folder, crf):
    (folder / "models" / "pyvi3.pkl").write_bytes(pickle.dumps(crf, protocol=4))
    assert load_model(folder).state == load_model().state


def test_damage_anywhere_is_refused_or_changes_weights_only(folder, crf):
    rng = random.Random(3)
    file = folder / "models" / "pyvi3.pkl"
    for _ in range(150):
        damaged = bytearray(crf)
        for _ in range(rng.choice([1, 40])):
            damaged[rng.choice([rng.randrange(48), rng.randrange(len(crf))])] = rng.randrange(256)
        file.write_bytes(pickle.dumps(bytes(damaged)))
        try:
            load_model(folder)
        except SegmentationModelError:
            continue


class Evil:
    def __reduce__(self):
        return os.mkdir, ("carried-out",)


def test_pickles_are_not_carried_out(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "models" / "pyvi3.pkl").write_bytes(pickle.dumps(Evil()))
    refuse(folder, "no crfsuite model")
    assert not (folder / "carried-out").exists()


def test_without_pyvi(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SegmentationModelError, match=r"pip install 'pyvi==0\.1\.1'"):
        locate()


def run(script):
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        encoding="utf-8",
    )


def test_no_machine_learning_library_is_imported():
    done = run(
        "import sys\nfrom vnsearch.segment import segment\nsegment('Hà Nội')\n"
        "print([n for n in ('pyvi', 'sklearn', 'scipy', 'joblib', 'sklearn_crfsuite', 'pycrfsuite') if n in sys.modules])"
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_fingerprint_loads_no_model():
    done = run(
        "from vnsearch.analysis import analysis_fingerprint, syllables_of\nanalysis_fingerprint()\n"
        "syllables_of('Hà Nội, 5 ha', values=True)\n"
        "from vnsearch.segment import segmenter\nprint(segmenter._segmenter)"
    )
    assert (done.stdout, done.stderr) == ("None\n", "")


def test_many_threads_share_a_vocabulary():
    shared = Segmenter(default_segmenter().model)
    texts = [" ".join(f"thành phố x{(i * 7 + j) % 997}, Hà Nội" for j in range(150)) for i in range(24)]
    expected = Segmenter(shared.model).words_of(texts)
    results = {}

    def work(n):
        results[n] = [shared.words_of([text])[0] if n % 2 else shared.words(text) for text in texts]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [results[n] for n in range(8)] == [expected] * 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_forked_children_can_segment_while_threads_do():
    done = run(
        """
import os, threading
from vnsearch.segment import segment
stop = False
def work(n):
    k = 0
    while not stop:
        segment(f"Hà Nội x{n}y{k}"); k += 1
threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(3)]
for thread in threads: thread.start()
for n in range(20):
    child = os.fork()
    if not child:
        os._exit(0 if segment(f"Hà Nội mới{n}").startswith("Hà_Nội ") else 1)
    assert os.waitpid(child, 0)[1] == 0
stop = True
print("done")
"""
    )
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_vocabulary_is_begun_anew_when_it_is_large(monkeypatch):
    monkeypatch.setattr(segmenter, "_VOCABULARY_BYTES", 50_000)
    fresh = Segmenter(default_segmenter().model)
    for n in range(60):
        assert fresh.words(f"Hà Nội a{n} {'b' * 500}{n}") == f"Hà_Nội a{n} {'b' * 500}{n}"
        assert fresh.words_of([f"Hà Nội c{n} {'d' * 900}{n}"]) == [f"Hà_Nội c{n} {'d' * 900}{n}"]
        assert fresh._vocabulary.size_bytes < 60_000
    assert len(fresh._vocabulary) < 120
