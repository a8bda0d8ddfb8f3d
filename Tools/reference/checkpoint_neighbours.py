"""Makes checkpoints whose weights stand beside what training code saves with them: NumPy's numbers and arrays, random
states, dates, paths, enumerations, sets, namespaces, settings of classes of its own.

    python Tools/reference/checkpoint_neighbours.py PROTOCOL [SUFFIX]

writes Tests/Fixtures/tensor_files/neighbours-PROTOCOL[SUFFIX].pt: a zip archive as torch.save lays it out, with a dict
`neighbours` and a dict `state_dict` of one tensor. PyTorch is not needed: stand-ins of its modules give the names that
it pickles. Made with protocols 2, 4 and 5 and NumPy 2.4.6, and with protocol 2, suffix `-numpy1` and NumPy 1.26.4.
"""

import argparse
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import pathlib
import pickle
import random
import re
import sys
import types
import uuid
import zipfile

import numpy as np

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "tensor_files"


def module(name, **members):
    """A module of that name, so that pickle finds its members where PyTorch's are."""
    result = types.ModuleType(name)
    for key, value in members.items():
        value.__module__, value.__qualname__ = name, key
        setattr(result, key, value)
    sys.modules[name] = result
    return result


class FloatStorage:
    def __init__(self, key, values):
        self.key, self.values = key, values


def _rebuild_tensor_v2():
    pass


class device:
    def __init__(self, *arguments):
        self.arguments = arguments

    def __reduce__(self):
        return device, self.arguments


class Size(tuple):
    def __reduce__(self):
        return Size, (tuple(self),)


module("torch", FloatStorage=FloatStorage, device=device, Size=Size)
module("torch._utils", _rebuild_tensor_v2=_rebuild_tensor_v2)


class Tensor:
    def __init__(self, key, values, shape, strides):
        self.storage, self.shape, self.strides = FloatStorage(key, values), shape, strides

    def __reduce__(self):
        return _rebuild_tensor_v2, (self.storage, 0, self.shape, self.strides, False, collections.OrderedDict())


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, FloatStorage):
            return ("storage", FloatStorage, value.key, "cpu", len(value.values))
        return None


class Schedule(enum.Enum):
    LINEAR = "linear"


class Level(enum.IntEnum):
    LOW = 1


class Flags(enum.Flag):
    A = 1
    B = 2


@dataclasses.dataclass
class Options:
    rate: float = 0.5


@dataclasses.dataclass(frozen=True)
class Slotted:
    __slots__ = ("rate",)
    rate: float


class Settings(dict):
    """As hydra's, Lightning's and EasyDict's configurations: a dict of a class of its own."""


class Record(collections.namedtuple("Record", "a b")):
    pass


module(
    "training.config", Schedule=Schedule, Level=Level, Flags=Flags, Options=Options, Slotted=Slotted,
    Settings=Settings, Record=Record)
sys.modules["training"] = types.ModuleType("training")


def neighbours():
    generator = np.random.Generator(np.random.PCG64(7))
    values = {
        "float64": np.float64(0.25), "float32": np.float32(-1.5), "float16": np.float16(65504), "nan": np.float64("nan"),
        "tiny": np.float16(6e-8), "int64": np.int64(-7), "int32": np.int32(2**31 - 1), "int16": np.int16(-300),
        "int8": np.int8(-128), "uint8": np.uint8(255), "uint16": np.uint16(65535), "uint32": np.uint32(2**32 - 1),
        "uint64": np.uint64(2**63 - 1), "bool": np.bool_(True), "false": np.bool_(False), "str": np.str_("caf\u00e9 \U0001fac1"),
        "bytes": np.bytes_(b"ab\x00c"), "uint64 large": np.uint64(2**63), "datetime64": np.datetime64("2024-01-02"),
        "timedelta64": np.timedelta64(3, "s"), "complex128": np.complex128(1 + 2j), "longdouble": np.longdouble(1),
        "void": np.zeros(1, dtype=[("a", "i4"), ("b", "f8")])[0],
        "array": np.arange(6, dtype=np.float32).reshape(2, 3), "array.fortran": np.asfortranarray(np.ones((2, 3))),
        "array.scalar": np.array(3), "array.empty": np.zeros((0, 2)), "array.big endian": np.arange(3, dtype=">i4"),
        "array.object": np.array([{"a": 1}, None], dtype=object), "array.text": np.array(["a", "bc"]),
        "array.record": np.zeros(2, dtype=[("a", "i4"), ("b", "f8")]), "array.masked": np.ma.masked_array([1, 2], [0, 1]),
        "dtype": np.dtype("float32"), "dtype.record": np.dtype([("a", "i4")]), "type": np.float64,
        "random.numpy": np.random.RandomState(1).get_state(), "random.pcg64": generator.bit_generator.state,
        "random.generator": generator, "random.python": random.Random(1).getstate(),
        "datetime": datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc), "date": datetime.date(2024, 1, 2),
        "timedelta": datetime.timedelta(seconds=5), "path": pathlib.PurePosixPath("/data/run"), "enum": Schedule.LINEAR,
        "enum.int": Level.LOW, "enum.flag": Flags.A | Flags.B, "decimal": decimal.Decimal("0.1"),
        "fraction": fractions.Fraction(1, 3), "uuid": uuid.UUID(int=1), "complex": 1 + 2j, "range": range(3),
        "slice": slice(1, 2), "set": {1, 2}, "set.empty": set(), "frozenset": frozenset({"a"}),
        "bytearray": bytearray(b"abc"), "defaultdict": collections.defaultdict(list, a=[1]),
        "defaultdict.int": collections.defaultdict(int, {3: 4}), "counter": collections.Counter("aab"),
        "counter.empty": collections.Counter(), "deque": collections.deque([1, 2], maxlen=5),
        "deque.free": collections.deque([3]), "ordered": collections.OrderedDict(a=1),
        "namespace": argparse.Namespace(lr=np.float64(0.5), tags=["x"]), "simple namespace": types.SimpleNamespace(a=1),
        "namedtuple": Record(1, 2), "dataclass": Options(), "dataclass.slots": Slotted(0.5), "settings": Settings(a=1),
        "partial": functools.partial(int, base=2), "pattern": re.compile("a+"), "function": len, "class": collections.OrderedDict,
        "exception": ValueError("x"), "ellipsis": Ellipsis, "large": 2**100, "large negative": -(2**200),
        "keys.float": {0.5: 1}, "keys.tuple": {(1, 2): 3}, "keys.none": {None: 1}, "keys.numpy": {np.int64(5): "five"},
        "device": device("cuda", 0), "size": Size((2, 3)),
        "nested": {"state": {0: {"step": np.float32(3), "when": datetime.date(2024, 1, 2), "exp_avg": None}}},
    }
    cycle = Options()
    cycle.rate = {"self": cycle}
    values["object that holds itself"] = cycle
    return values


def main():
    protocol = int(sys.argv[1])
    suffix = sys.argv[2] if len(sys.argv) > 2 else ""
    weights = np.arange(12, dtype="<f4")
    content = {
        "epoch": np.int64(3), "neighbours": neighbours(),
        "state_dict": collections.OrderedDict(w=Tensor("0", weights, (3, 4), (4, 1))),
        "config": argparse.Namespace(guidance_scale=np.float64(3.5)),
    }
    data = io.BytesIO()
    Pickler(data, protocol=protocol).dump(content)
    path = FIXTURES / f"neighbours-{protocol}{suffix}.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, entry in [("data.pkl", data.getvalue()), ("byteorder", b"little"), ("data/0", weights.tobytes()),
                            ("version", b"3\n")]:
            archive.writestr(zipfile.ZipInfo(f"neighbours/{name}"), entry)


if __name__ == "__main__":
    main()
