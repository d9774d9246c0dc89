"""Search by meaning: an encoder in ONNX form, made here of a few words whose vectors are known."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from sqlalchemy import text
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from bot.errors import InvalidSettings
from bot.memory.entries.entries import Entry
from bot.memory.flows import learn
from bot.memory.flows.live import LiveMemory, Memory
from bot.memory.flows.recall import recall
from bot.memory.index.documents import Document, passages_of
from bot.memory.index.index import Index, build_index
from bot.memory.index.vocabulary import Vocabulary, read_vocabulary
from bot.memory.meaning.conversion import convert
from bot.memory.meaning.encoder import Encoder
from bot.memory.meaning.vectors import Meanings
from bot.memory.messages import similar as found_message
from bot.memory.messages import similar_line, suggestions
from bot.settings import REPOSITORY
from bot.store.engine import Database
from tests.memory.test_live import entry

Arrays = dict[str, npt.NDArray[np.float32]]

WIDTH, HEADS, LAYERS = 8, 2, 2
# Words of one line mean the same; each line has a direction of its own.
MEANINGS = ("freezer icebox", "warm thawing", "printer plotter", "blank empty", "the a is of")
WORDS = ["[UNK]", "[CLS]", "[SEP]", *(word for line in MEANINGS for word in line.split())]


def weights(size: float) -> Arrays:
    """A BERT of two layers; with `size` 0 it adds nothing to what the words mean."""
    rng = np.random.default_rng(7)
    words = np.zeros((len(WORDS), WIDTH), np.float32)
    for place, word in enumerate(WORDS[3:], 3):
        meaning = next(number for number, line in enumerate(MEANINGS) if word in line.split())
        words[place, meaning] = 3.0 if meaning < 4 else 0.1
    named = {
        "embeddings.word_embeddings.weight": words + size * rng.normal(size=words.shape),
        "embeddings.position_embeddings.weight": size * rng.normal(size=(256, WIDTH)),
        "embeddings.token_type_embeddings.weight": size * rng.normal(size=(2, WIDTH)),
    }
    shapes = {"attention.self.query": (WIDTH, WIDTH), "attention.self.key": (WIDTH, WIDTH)}
    shapes |= {"attention.self.value": (WIDTH, WIDTH), "attention.output.dense": (WIDTH, WIDTH)}
    shapes |= {"intermediate.dense": (16, WIDTH), "output.dense": (WIDTH, 16)}
    for layer in range(LAYERS):
        for name, shape in shapes.items():
            named[f"encoder.layer.{layer}.{name}.weight"] = size * rng.normal(size=shape)
            named[f"encoder.layer.{layer}.{name}.bias"] = size * rng.normal(size=shape[0])
    normals = ["embeddings.LayerNorm"]
    normals += [f"encoder.layer.{n}.{part}.LayerNorm" for n in range(LAYERS) for part in ("attention.output", "output")]
    for name in normals:
        named[f"{name}.weight"] = np.ones(WIDTH) + size * rng.normal(size=WIDTH)
        named[f"{name}.bias"] = size * rng.normal(size=WIDTH)
    return {name: np.asarray(value, np.float32) for name, value in named.items()}


def write_package(folder: Path, arrays: Arrays) -> Path:
    """What a package that ships an encoder holds."""
    folder.mkdir(parents=True)
    table, blob = {}, b""
    for name, value in arrays.items():
        table[name] = {
            "dtype": "F32",
            "shape": list(value.shape),
            "data_offsets": [len(blob), len(blob) + value.nbytes],
        }
        blob += value.tobytes()
    head = json.dumps(table).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + blob)
    config = {"model_type": "bert", "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "hidden_size": WIDTH}
    (folder / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 1e-12}))
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    folder = tmp_path_factory.mktemp("encoder")
    convert(write_package(folder / "package" / "model", weights(0.0)).parent, folder / "onnx")
    return Encoder(folder / "onnx")


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return read_vocabulary(REPOSITORY / "knowledge" / "vocabulary.yaml")


DOCUMENTS = (
    Document("D-1", "incident", "icebox thawing", (("title", "icebox thawing"), ("symptoms", "the icebox is thawing"))),
    Document("D-2", "incident", "plotter empty", (("title", "plotter empty"), ("symptoms", "a plotter is empty"))),
    Document("D-3", "playbook", "plotter", (("title", "plotter"), ("symptoms", "plotter of the printer"))),
)


def index_by(meanings: Meanings | None, vocabulary: Vocabulary, documents: Sequence[Document] = DOCUMENTS) -> Index:
    if meanings is not None:
        meanings.learn(passages_of(documents))
    return build_index(documents, vocabulary, meanings=meanings)


def test_a_converted_encoder_computes_what_the_weights_say(tmp_path: Path) -> None:
    arrays = weights(0.4)
    convert(write_package(tmp_path / "package", arrays), tmp_path / "onnx")
    ids = [WORDS.index(word) for word in ("[CLS]", "freezer", "is", "warm", "[SEP]")]
    assert np.allclose(Encoder(tmp_path / "onnx").query("freezer is warm"), forward(arrays, ids), atol=1e-5)


def forward(arrays: Arrays, ids: list[int]) -> npt.NDArray[np.float32]:
    """The same in plain numbers: the mean over the tokens, of length 1."""

    def normal(x: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
        spread = np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        same = (x - x.mean(-1, keepdims=True)) / spread
        return np.asarray(same * arrays[f"{name}.weight"] + arrays[f"{name}.bias"])

    def linear(x: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
        return np.asarray(x @ arrays[f"{name}.weight"].T + arrays[f"{name}.bias"])

    x = arrays["embeddings.word_embeddings.weight"][ids] + arrays["embeddings.position_embeddings.weight"][: len(ids)]
    x = normal(x + arrays["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in (f"encoder.layer.{number}" for number in range(LAYERS)):
        parts = [linear(x, f"{layer}.attention.self.{part}") for part in ("query", "key", "value")]
        query, key, value = (part.reshape(len(ids), HEADS, -1).transpose(1, 0, 2) for part in parts)
        scores = np.exp(query @ key.transpose(0, 2, 1) / math.sqrt(WIDTH / HEADS))
        mixed = (scores / scores.sum(-1, keepdims=True) @ value).transpose(1, 0, 2).reshape(len(ids), WIDTH)
        x = normal(x + linear(mixed, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm")
        inner = linear(x, f"{layer}.intermediate.dense")
        gelu = 0.5 * inner * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = normal(x + linear(gelu, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    mean = x.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def test_what_means_the_same_in_other_words_is_found_and_says_so(
    encoder: Encoder, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    index = index_by(Meanings(encoder, tmp_path), vocabulary)
    [best, *_] = index.search("freezer warm", kind="incident")
    assert (best.ref, best.by_meaning_alone, best.terms, best.by_words) == ("D-1", True, (), 0.0)
    assert index_by(None, vocabulary).search("freezer warm") == ()
    [shown, *_] = recall(
        Memory(index, {"D-1": entry("D-1", "icebox thawing"), "D-2": entry("D-2", "plotter empty")}), "freezer warm"
    )
    assert "Similar in meaning only; no words in common" in similar_line(shown)
    assert "Similar in meaning only" in str(found_message(suggestions([shown], ""), "freezer warm"))


def entry_of(ref: str) -> Entry:
    from tests.memory.test_live import entry

    return entry(ref, "icebox thawing")


def test_a_match_by_words_comes_first_and_names_its_words(
    encoder: Encoder, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    found = index_by(Meanings(encoder, tmp_path), vocabulary).search("plotter empty", kind="incident")
    assert found[0].ref == "D-2" and not found[0].by_meaning_alone
    assert {"plotter", "empty"} <= {term.text for term in found[0].terms}
    assert found[0].score > found[0].by_words, "its meaning counts beside its words"


def test_a_kind_and_what_was_taken_out_bound_what_meaning_finds(
    encoder: Encoder, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    index = index_by(Meanings(encoder, tmp_path), vocabulary)
    assert {match.ref for match in index.search("printer blank", kind="playbook")} == {"D-3"}
    assert "D-1" not in {match.ref for match in index.without("D-1").search("freezer warm")}


def test_an_entry_that_comes_later_is_found_by_meaning_once_it_is_learnt(
    encoder: Encoder, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    meanings = Meanings(encoder, tmp_path)
    later = DOCUMENTS[0]
    index = index_by(meanings, vocabulary, DOCUMENTS[1:]).with_entry(later)
    assert "D-1" not in {match.ref for match in index.search("freezer warm")}
    meanings.learn(passages_of([later]))
    assert index.search("freezer warm")[0].ref == "D-1"


def test_a_replica_learns_what_was_brought_in_beside_its_answers(
    encoder: Encoder, vocabulary: Vocabulary, tmp_path: Path, database: Database
) -> None:
    meanings = Meanings(encoder, tmp_path)

    def fit(entries: list[Entry]) -> Index:
        return build_index(entries, vocabulary, meanings=meanings)

    memory = LiveMemory(database, [entry("D-1", "icebox thawing")], fit, meanings)
    memory.settle()
    assert memory.current().index.search("freezer warm")[0].ref == "D-1"
    with database.transaction() as session:
        learn.learn(session, [entry("D-2", "plotter empty")], "somebody", datetime(2026, 8, 3, tzinfo=UTC))
    assert "D-2" in memory.current().entries
    memory.settle()
    assert memory.current().index.search("printer blank")[0].ref == "D-2"
    with database.transaction() as session:
        session.execute(text("truncate knowledge_versions, knowledge_state"))


def test_vectors_are_made_once_and_read_back_by_the_next_process(encoder: Encoder, tmp_path: Path) -> None:
    made: list[int] = []
    Meanings(encoder, tmp_path).learn(passages_of(DOCUMENTS), made.append)
    assert len(made) == len(DOCUMENTS)
    again = Meanings(encoder, tmp_path)
    assert again.missing(passages_of(DOCUMENTS)) == []
    keys = [passage.key for passage in passages_of(DOCUMENTS)]
    assert again.matrix(keys).likeness(encoder.query("freezer")).argmax() == 0


def test_a_damaged_file_of_vectors_is_made_again(encoder: Encoder, tmp_path: Path) -> None:
    Meanings(encoder, tmp_path).learn(passages_of(DOCUMENTS))
    [kept] = tmp_path.glob("meaning-*.npz")
    kept.write_bytes(kept.read_bytes()[:100])
    assert len(Meanings(encoder, tmp_path).missing(passages_of(DOCUMENTS))) == len(DOCUMENTS)


@pytest.mark.parametrize("query", ["", "   ", "🔥", "\x00\x01\x02", "?!" * 20_000, "warm " * 8_000])
def test_no_query_is_too_odd_for_the_encoder(
    encoder: Encoder, vocabulary: Vocabulary, tmp_path: Path, query: str
) -> None:
    assert isinstance(index_by(Meanings(encoder, tmp_path), vocabulary).search(query), tuple)


def _no_network(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _damaged(folder: Path) -> Path:
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"no network")
    (folder / "tokenizer.json").write_text("{}")
    return folder


@pytest.mark.parametrize(("make", "says"), [(_no_network, "tocsin knowledge encoder"), (_damaged, "holds no encoder")])
def test_a_folder_without_an_encoder_is_refused_with_what_to_do(
    tmp_path: Path, make: Callable[[Path], Path], says: str
) -> None:
    with pytest.raises(InvalidSettings, match=says):
        Encoder(make(tmp_path / "folder"))


def test_what_is_no_bert_is_refused(tmp_path: Path) -> None:
    package = write_package(tmp_path / "package", weights(0.0))
    (package / "config.json").write_text('{"model_type": "t5"}')
    with pytest.raises(InvalidSettings, match="only BERT"):
        convert(package, tmp_path / "onnx")
    with pytest.raises(InvalidSettings, match="expected a folder or a wheel"):
        convert(package / "config.json", tmp_path / "onnx")
