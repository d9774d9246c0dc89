"""A BERT sentence encoder as packages ship it (safetensors) → the folder that `TOCSIN_EMBEDDINGS` names (ONNX).

Most encoders are published in ONNX form already and need none of this. Source of the graph: BERT (Devlin et al., 2018),
post-layer normalisation, as `transformers` computes it in inference.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.errors import InvalidSettings

_WEIGHTS, _CONFIG, _TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"
# What the encoder reads of a sentence-transformers folder beside weights and tokenizer, where it is there.
_BESIDE = ("1_Pooling/config.json", "sentence_bert_config.json", "config_sentence_transformers.json", "LICENSE")
_TYPES = {"F32": np.float32, "F16": np.float16}
_OPSET, _IR = 20, 10  # 20 is the first with Gelu

Arrays = dict[str, npt.NDArray[np.float32]]


def convert(source: Path, target: Path) -> None:
    """Write `model.onnx`, `tokenizer.json` and what belongs to them into the folder `target`.

    `source` is a folder or a wheel (.whl, .zip) that holds the weights of a BERT encoder somewhere inside. Raises
    InvalidSettings where it holds none, or one of another kind.
    """
    try:
        import onnx
    except ImportError:
        raise InvalidSettings("Converting needs the package onnx: pip install 'tocsin[meaning]' onnx") from None
    read = _reader(source)
    config = json.loads(read(_CONFIG))
    if config.get("model_type") != "bert" or config.get("position_embedding_type", "absolute") != "absolute":
        raise InvalidSettings(
            f"{source}: only BERT encoders are converted. Use the ONNX files of this one's publisher."
        )
    model = _graph(_arrays(read(_WEIGHTS), str(source)), config)
    target.mkdir(parents=True, exist_ok=True)
    for name in (_TOKENIZER, *_BESIDE):
        try:
            held = read(name)
        except KeyError:
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(held)
    onnx.save(model, str(target / "model.onnx"))


def _reader(source: Path) -> Callable[[str], bytes]:
    """Reads files beside the weights. The reader raises KeyError for a file that is not there."""
    if source.is_dir():
        files = {path.relative_to(source).as_posix(): path.read_bytes for path in source.rglob("*") if path.is_file()}
    elif zipfile.is_zipfile(source):
        archive = zipfile.ZipFile(source)
        files = {name: lambda name=name: archive.read(name) for name in archive.namelist()}  # type: ignore[misc]
    else:
        raise InvalidSettings(f"{source}: expected a folder or a wheel (.whl).")
    found = sorted((name for name in files if PurePosixPath(name).name == _WEIGHTS), key=len)
    if not found:
        raise InvalidSettings(f"{source}: holds no {_WEIGHTS}.")
    folder = PurePosixPath(found[0]).parent
    for needed in (_CONFIG, _TOKENIZER):
        if str(folder / needed) not in files:
            raise InvalidSettings(f"{source}: holds no {needed} beside {found[0]}.")
    return lambda name: files[str(folder / name)]()


def _arrays(raw: bytes, source: str) -> Arrays:
    """The arrays of a safetensors file: 8 bytes length, a JSON table, then the numbers."""
    try:
        length = int.from_bytes(raw[:8], "little")
        table: dict[str, Any] = json.loads(raw[8 : 8 + length])
        arrays = {}
        for name, about in table.items():
            if name != "__metadata__" and about["dtype"] in _TYPES:
                start, end = about["data_offsets"]
                held = np.frombuffer(raw[8 + length + start : 8 + length + end], _TYPES[about["dtype"]])
                arrays[name.removeprefix("bert.")] = held.reshape(about["shape"]).astype(np.float32)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidSettings(f"{source}: {_WEIGHTS} cannot be read ({error}).") from None
    return arrays


class _Builder:
    """Collects nodes and constants of a graph; each method returns the name of its result."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self.nodes: list[Any] = []
        self.constants: dict[str, npt.NDArray[Any]] = {}

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        name = f"{kind}-{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: npt.NDArray[Any]) -> str:
        name = f"constant-{len(self.constants)}"
        self.constants[name] = value
        return name

    def weight(self, name: str) -> str:
        return self.constant(self._arrays[name])

    def linear(self, x: str, name: str) -> str:
        product = self.node("MatMul", x, self.constant(np.ascontiguousarray(self._arrays[f"{name}.weight"].T)))
        return self.node("Add", product, self.weight(f"{name}.bias"))

    def normal(self, x: str, name: str, epsilon: float) -> str:
        scale, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.node("LayerNormalization", x, scale, bias, axis=-1, epsilon=epsilon)


def _graph(arrays: Arrays, config: Mapping[str, Any]) -> Any:
    """input_ids and attention_mask (texts × tokens) → last_hidden_state (texts × tokens × width)."""
    from onnx import TensorProto, checker, helper, numpy_helper

    build, epsilon = _Builder(arrays), float(config["layer_norm_eps"])
    try:
        x = _embedded(build, arrays, epsilon)
        # Tokens that only fill up a line are kept out of everybody's attention.
        mask = build.node("Unsqueeze", "attention_mask", build.constant(np.array([1, 2], np.int64)))
        hidden = build.node(
            "Sub", build.constant(np.array(1, np.float32)), build.node("Cast", mask, to=TensorProto.FLOAT)
        )
        hidden = build.node("Mul", hidden, build.constant(np.array(-10_000, np.float32)))
        for number in range(int(config["num_hidden_layers"])):
            x = _layer(build, x, hidden, f"encoder.layer.{number}", int(config["num_attention_heads"]), epsilon)
    except KeyError as error:
        raise InvalidSettings(f"{_WEIGHTS} lacks {error}, which a BERT encoder has.") from None
    build.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))
    shape = ["texts", "tokens"]
    graph = helper.make_graph(
        build.nodes,
        "encoder",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*shape, int(config["hidden_size"])])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in build.constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    checker.check_model(model)
    return model


def _embedded(build: _Builder, arrays: Arrays, epsilon: float) -> str:
    """Each token's word, its place, and that all belong to the first sentence."""
    places = arrays["embeddings.position_embeddings.weight"] + arrays["embeddings.token_type_embeddings.weight"][0]
    words = build.node("Gather", build.weight("embeddings.word_embeddings.weight"), "input_ids")
    tokens = build.node("Shape", "input_ids", start=1, end=2)
    zero = build.constant(np.array([0], np.int64))
    return build.normal(
        build.node("Add", words, build.node("Slice", build.constant(places), zero, tokens, zero)),
        "embeddings.LayerNorm",
        epsilon,
    )


def _layer(build: _Builder, x: str, hidden: str, name: str, heads: int, epsilon: float) -> str:
    """Attention over all tokens, then two linear maps, each added to what came in and normalised."""
    split = build.constant(np.array([0, 0, heads, -1], np.int64))

    def headed(part: str, turn: tuple[int, ...]) -> str:
        return build.node("Transpose", build.node("Reshape", build.linear(x, f"{name}.{part}"), split), perm=turn)

    query, value = headed("attention.self.query", (0, 2, 1, 3)), headed("attention.self.value", (0, 2, 1, 3))
    key = headed("attention.self.key", (0, 2, 3, 1))
    width = build.node("Shape", query, start=3, end=4)
    root = build.node("Sqrt", build.node("Cast", width, to=1))
    scores = build.node("Add", build.node("Div", build.node("MatMul", query, key), root), hidden)
    mixed = build.node("MatMul", build.node("Softmax", scores, axis=-1), value)
    joined = build.node("Transpose", mixed, perm=(0, 2, 1, 3))
    joined = build.node("Reshape", joined, build.constant(np.array([0, 0, -1], np.int64)))
    seen = build.node("Add", x, build.linear(joined, f"{name}.attention.output.dense"))
    seen = build.normal(seen, f"{name}.attention.output.LayerNorm", epsilon)
    inner = build.node("Gelu", build.linear(seen, f"{name}.intermediate.dense"))
    return build.normal(
        build.node("Add", seen, build.linear(inner, f"{name}.output.dense")), f"{name}.output.LayerNorm", epsilon
    )
