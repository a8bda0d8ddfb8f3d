"""Makes the fixtures of the tests of TensorFiles: small files of both formats, and what is in them.

    python Tools/reference/tensor_files.py

writes Tests/Fixtures/tensor_files, and Tests/Fixtures/fuzz: the smallest files that use each part of the formats, for
mutating. Made with torch 2.11.0 and safetensors 0.8.0.
"""

import collections
import io
import json
import os
import pathlib
import pickle
import zipfile

import numpy as np
import safetensors
import safetensors.torch
import torch

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "tensor_files"

FUZZ_CORPUS = FIXTURES.parent / "fuzz"

# torch dtype -> name in safetensors
NAMES = {
    torch.bool: "BOOL", torch.uint8: "U8", torch.int8: "I8", torch.int16: "I16", torch.uint16: "U16",
    torch.int32: "I32", torch.uint32: "U32", torch.int64: "I64", torch.uint64: "U64", torch.float16: "F16",
    torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64", torch.complex64: "C64",
    torch.float8_e5m2: "F8_E5M2", torch.float8_e4m3fn: "F8_E4M3", torch.float8_e8m0fnu: "F8_E8M0",
    torch.float8_e4m3fnuz: "F8_E4M3FNUZ", torch.float8_e5m2fnuz: "F8_E5M2FNUZ",
}
# Element types that torch can only hold as bytes.
PACKED = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6}


def random_bytes(rng, count):
    return rng.integers(0, 256, count, dtype=np.uint8).tobytes()


def packed_hex(tensor):
    """The elements in row-major order, little-endian."""
    flat = tensor.detach().contiguous().reshape(-1)
    if flat.numel() == 0:
        return ""
    return flat.view(torch.uint8).numpy().tobytes().hex()


def random_tensor(rng, dtype, shape):
    count = int(np.prod(shape, dtype=np.int64))
    if dtype == torch.bool:
        return torch.from_numpy(rng.integers(0, 2, count, dtype=np.uint8)).to(torch.bool).reshape(shape)
    width = torch.empty(0, dtype=dtype).element_size()
    data = torch.frombuffer(bytearray(random_bytes(rng, max(1, count) * width)), dtype=dtype)
    return data[:count].reshape(shape).clone()


def described(tensor):
    return {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "hex": packed_hex(tensor)}


def write_safetensors(rng):
    """`all-types`: every element type. `shapes`: scalars, empty tensors and names in Unicode, with metadata."""
    entries, expected = {}, {}
    for dtype, name in NAMES.items():
        tensor = random_tensor(rng, dtype, (3, 5))
        expected[f"type.{name}"] = described(tensor)
        entries[f"type.{name}"] = {"dtype": name, "shape": [3, 5], "data": bytes.fromhex(packed_hex(tensor))}
    for name, bits in PACKED.items():
        data = random_bytes(rng, 3 * 8 * bits // 8)
        expected[f"type.{name}"] = {"dtype": name, "shape": [3, 8], "hex": data.hex()}
        entries[f"type.{name}"] = {"dtype": name, "shape": [3, 8], "data": data}
    (FIXTURES / "all-types.safetensors").write_bytes(serialize(entries))
    write_expected("all-types.safetensors", {"tensors": expected, "metadata": {}})

    tensors = {
        "scalar": torch.tensor(1.5), "empty": torch.zeros(0), "empty.inside": torch.zeros(2, 0, 3, dtype=torch.int64),
        "": torch.tensor([1, 2], dtype=torch.uint8),
        "caf\u00e9": torch.tensor([1.0]), "cafe\u0301": torch.tensor([2.0]),
        "\u80ba/\U0001fac1 \"quoted\" \\ \n": torch.tensor([3], dtype=torch.int32),
        "many.dimensions": torch.arange(6, dtype=torch.float64).reshape(1, 1, 1, 1, 2, 1, 3, 1, 1),
        "nan": torch.tensor([float("nan"), float("inf"), -0.0]),
    }
    metadata = {"format": "pt"}
    (FIXTURES / "shapes.safetensors").write_bytes(safetensors.torch.save(tensors, metadata))
    expected = {name: described(tensor) for name, tensor in tensors.items()}
    write_expected("shapes.safetensors", {"tensors": expected, "metadata": metadata})

    (FIXTURES / "no-tensors.safetensors").write_bytes(serialize({}, {"note": "tab\there, \u80ba"}))
    write_expected("no-tensors.safetensors", {"tensors": {}, "metadata": {"note": "tab\there, \u80ba"}})


def serialize(entries, metadata=None):
    """The reference's layout, also of types that its Python binding does not write; checked by reading it back."""
    order = ["BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ",
             "F8_E5M2FNUZ", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64"]
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, entry in sorted(entries.items(), key=lambda item: (-order.index(item[1]["dtype"]), item[0])):
        end = len(data) + len(entry["data"])
        header[name] = {"dtype": entry["dtype"], "shape": entry["shape"], "data_offsets": [len(data), end]}
        data += entry["data"]
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    content = len(text).to_bytes(8, "little") + text + data
    assert {name for name, _ in safetensors.deserialize(content)} == set(entries)
    return content


def write_expected(name, content):
    # A list: a reader whose strings compare by canonical equivalence would merge keys that differ.
    content["tensors"] = [{"name": name, **tensor} for name, tensor in content["tensors"].items()]
    text = json.dumps(content, indent=1, ensure_ascii=True)
    (FIXTURES / (name + ".json")).write_text(text + "\n")


def described_value(value):
    """What a reader should make of a value of a checkpoint."""
    if isinstance(value, torch.Tensor):
        return {"kind": "tensor", "strides": list(value.stride()), **described(value)}
    if isinstance(value, torch.dtype):
        return {"kind": "dtype", "text": NAMES[value]}
    if value is None:
        return {"kind": "None"}
    if isinstance(value, bool):
        return {"kind": "bool", "text": str(value).lower()}
    if isinstance(value, int):
        return {"kind": "int", "text": str(value)}
    if isinstance(value, float):
        return {"kind": "float", "text": np.float64(value).tobytes().hex()}
    if isinstance(value, str):
        return {"kind": "str", "text": value}
    if isinstance(value, bytes):
        return {"kind": "bytes", "text": value.hex()}
    if isinstance(value, dict):
        return {"kind": "dict", "keys": [described_value(key) for key in value],
                "elements": [described_value(element) for element in value.values()]}
    if isinstance(value, (tuple, list)):
        kind = "list" if isinstance(value, list) else "tuple"
        return {"kind": kind, "elements": [described_value(element) for element in value]}
    raise TypeError(type(value))


def layouts():
    """Tensors that do not lie packed, storages that several tensors share, and every plain value."""
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    image = torch.arange(2 * 3 * 2 * 2, dtype=torch.float16).reshape(2, 3, 2, 2)
    shared_list = [1, 2]
    return {
        "base": base, "transposed": base.permute(2, 0, 1), "offset": base[1], "stepped": base[:, ::2, 1::2],
        "expanded": torch.tensor([7], dtype=torch.int16).expand(3, 2), "scalar": torch.tensor(2.5, dtype=torch.float64),
        "scalar.inside": base[1, 2, 3], "empty": torch.zeros(0), "empty.inside": base[:, 1:1],
        "channels last": image.contiguous(memory_format=torch.channels_last),
        "parameter": torch.nn.Parameter(torch.tensor([1.0, -1.0])), "overlapping": base.reshape(-1).unfold(0, 4, 2),
        "plain": {"none": None, "yes": True, "no": False, "small": 7, "medium": 300, "negative": -3, "large": 2**40,
                  "largest": 2**63 - 1, "smallest": -(2**63), "zero": 0, "float": 0.18215, "infinite": float("inf"),
                  "text": "caf\u00e9 \U0001fac1", "": "", "bytes": b"\x00ab\xff", "size": torch.Size([3, 4]),
                  "dtype": torch.bfloat16, "tuple": (1, (2, ()), "three"), "list": [[], [None], {}]},
        "shared": [shared_list, shared_list], 5: "five", "cafe\u0301": 1, "caf\u00e9": 2,
        "ordered": collections.OrderedDict(b=1, a=2),
    }


def released(rng):
    """A checkpoint laid out as that of the article's author: state dictionaries, a configuration, an optimizer."""
    torch.manual_seed(int(rng.integers(1 << 30)))
    vae = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.GroupNorm(1, 2), torch.nn.BatchNorm2d(2))
    unet = torch.nn.ModuleDict({"time_embed": torch.nn.Linear(2, 3), "out": torch.nn.Linear(3, 1, bias=False)})
    text = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(unet.parameters(), lr=1e-4)
    sum(parameter.sum() for parameter in unet.parameters()).backward()
    optimizer.step()
    return {
        "epoch": 3, "global_step": 1200, "vae_state_dict": vae.state_dict(), "unet_state_dict": unet.state_dict(),
        "text_encoder_state_dict": text.state_dict(), "optimizer_state_dict": optimizer.state_dict(), "loss": 0.125,
        "config": {"latent_channels": 8, "model_channels": 48, "scheduler_type": "ddpm", "beta_schedule": "linear",
                   "prediction_type": "epsilon", "guidance_scale": 7.5, "num_train_timesteps": 1000,
                   "text_model": "dmis-lab/biobert-base-cased-v1.1"},
    }


def write_checkpoints(rng):
    all_types = {f"type.{name}": random_tensor(rng, dtype, (2, 3)) for dtype, name in NAMES.items()}
    zip_only = {"_use_new_zipfile_serialization": True}
    plain = {"_use_new_zipfile_serialization": False}
    save_checkpoint("all-types.pt", all_types, **zip_only)
    save_checkpoint("layouts.pt", layouts(), **zip_only)
    save_checkpoint("layouts-protocol-5.pt", layouts(), pickle_protocol=5, **zip_only)
    save_checkpoint("layouts-legacy.bin", layouts(), **plain)
    content = released(rng)
    save_checkpoint("released.pt", content, **zip_only)
    save_checkpoint("released-legacy.bin", content, **plain)
    save_checkpoint("only-a-tensor.pt", torch.tensor([1.0, 2.0]), **zip_only)
    save_checkpoint("numpy-scalar.pt", np.float64(1), **zip_only)


def save_checkpoint(name, content, **options):
    torch.save(content, FIXTURES / name, **options)
    text = json.dumps(described_value(content), ensure_ascii=True, separators=(",", ":"))
    (FIXTURES / (name + ".json")).write_text(text + "\n")


class Command:
    """What an attacker would save: unpickling it runs a command."""

    def __reduce__(self):
        return os.system, ("touch thorax-was-here",)


class Point:
    def __init__(self):
        self.x = 1


def write_refused():
    """Files that PyTorch makes and that are to be refused, each for another reason."""
    folder = FIXTURES / "refused"
    folder.mkdir(exist_ok=True)
    contents = {
        "posix.system": Command(), "__main__.Point": Point(), "torch.nn.modules.linear.Linear": torch.nn.Linear(1, 1),
        "torch.ComplexDoubleStorage": torch.zeros(1, dtype=torch.complex128), "__builtin__.set": {1},
        "torch._utils._rebuild_sparse_tensor": torch.eye(2).to_sparse(), "torch.device": torch.device("cpu"),
        "conjugated": torch.zeros(1, dtype=torch.complex64).conj(),
        "big integer": 2**64, "quantized": torch.quantize_per_tensor(torch.zeros(1), 1.0, 0, torch.qint8),
        "float key": {1.5: 1},
    }
    for name, content in contents.items():
        torch.save(content, folder / (name + ".pt"))
    torch.save(Command(), folder / "posix.system legacy.pt", _use_new_zipfile_serialization=False)
    torch.jit.script(torch.nn.Linear(1, 1)).save(folder / "TorchScript.pt")
    cycle = []
    cycle.append(cycle)
    torch.save(cycle, folder / "cycle.pt")
    rewrite(folder / "deflated.pt", compression=zipfile.ZIP_DEFLATED)
    rewrite(folder / "big-endian.pt", replace={"byteorder": b"big"})
    rewrite(folder / "storage missing.pt", replace={"data/0": None})
    rewrite(folder / "storage short.pt", replace={"data/0": bytes(7)})
    (folder / "plain pickle.pt").write_bytes(pickle.dumps({"a": 1}))


def rewrite(path, compression=zipfile.ZIP_STORED, replace=None):
    """A checkpoint whose archive was written again with some entries replaced or left out (None)."""
    buffer = io.BytesIO()
    torch.save({"x": torch.tensor([1.0, 2.0])}, buffer)
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w", compression) as target:
        for item in source.infolist():
            content = (replace or {}).get(item.filename.split("/", 1)[1], source.read(item))
            if content is not None:
                target.writestr(zipfile.ZipInfo(item.filename), content, compression)


def write_fuzz_corpus():
    FUZZ_CORPUS.mkdir(parents=True, exist_ok=True)
    byte = {"dtype": "U8", "shape": [1], "data": b"\x01"}
    contents = {
        "empty": serialize({}), "one": serialize({"a": byte}), "metadata": serialize({"a": byte}, {"k": "v", "l": ""}),
        "three": serialize({"a": byte, "b": {"dtype": "F32", "shape": [2, 2], "data": bytes(range(16))},
                            "c": {"dtype": "BF16", "shape": [], "data": b"\x00\x3f"}}),
        "no-elements": serialize({"a": {"dtype": "F32", "shape": [0, 3], "data": b""}, "b": byte}),
        "packed": serialize({"a": {"dtype": "F4", "shape": [2, 2], "data": b"ab"},
                             "b": {"dtype": "F6_E2M3", "shape": [4], "data": b"abc"}}),
    }
    escapes = b'{"\\u00e9\\ud83e\\udec1\\n\\"":{"dtype":"U8","shape":[1],'
    escapes += b'"extra":[{"x":[1.5e3,null]}],"data_offsets":[0,1]}}'
    contents["escapes"] = len(escapes).to_bytes(8, "little") + escapes + b"\x01"
    for name, content in contents.items():
        safetensors.deserialize(content)
        (FUZZ_CORPUS / (name + ".safetensors")).write_bytes(content)

    base = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    checkpoints = {
        "tensor": base, "strided": {"a": base.t(), "b": base[1], "c": base[:, :0], "d": base[0, :1].expand(4)},
        "plain": {"n": None, "b": True, "i": -1, "l": 2**40, "f": 0.5, "s": "x", "y": b"\xff", "t": (1, (2,)),
                  "e": [[], {}], 3: torch.Size([1]), "d": torch.float16},
        "state": torch.nn.Linear(1, 2).state_dict(), "parameter": torch.nn.Parameter(base[0]),
        "untyped": torch.zeros(2, dtype=torch.uint16), "complex": torch.zeros(1, dtype=torch.complex64),
        "shared": (lambda element: [element, element, (element,)])([1, "x"]),
    }
    for name, content in checkpoints.items():
        torch.save(content, FUZZ_CORPUS / (name + ".pt"))
        torch.save(content, FUZZ_CORPUS / (name + "-5.pt"), pickle_protocol=5)
        if name != "untyped":
            torch.save(content, FUZZ_CORPUS / (name + "-legacy.bin"), _use_new_zipfile_serialization=False)


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20260)
    write_safetensors(rng)
    write_checkpoints(rng)
    write_refused()
    write_fuzz_corpus()


if __name__ == "__main__":
    main()
