"""Makes the fixtures of the tests of TensorFiles: small files of both formats, and what is in them.

    python Tools/reference/tensor_files.py

writes Tests/Fixtures/tensor_files. Made with torch 2.11.0 and safetensors 0.8.0.
"""

import collections
import json
import pathlib

import numpy as np
import safetensors
import safetensors.torch
import torch

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "tensor_files"

# torch dtype -> name in safetensors
NAMES = {
    torch.bool: "BOOL", torch.uint8: "U8", torch.int8: "I8", torch.int16: "I16", torch.uint16: "U16",
    torch.int32: "I32", torch.uint32: "U32", torch.int64: "I64", torch.uint64: "U64", torch.float16: "F16",
    torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64", torch.complex64: "C64",
    torch.float8_e5m2: "F8_E5M2", torch.float8_e4m3fn: "F8_E4M3", torch.float8_e8m0fnu: "F8_E8M0",
    torch.float8_e4m3fnuz: "F8_E4M3FNUZ", torch.float8_e5m2fnuz: "F8_E5M2FNUZ",
}
# Element types that only the bytes can stand for in torch.
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


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20260)
    write_safetensors(rng)


if __name__ == "__main__":
    main()
