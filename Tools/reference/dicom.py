"""Makes Tests/Fixtures/dicom: small DICOM files of every variant that is read, and pydicom's grey values of each.

    python Tools/reference/dicom.py Tests/Fixtures/dicom

Needs pydicom 3.0.2, numpy, pylibjpeg, pylibjpeg-libjpeg, pylibjpeg-openjpeg, pyjpegls, and DCMTK's `dcmcjpeg`,
`dcmcjpls` and `dcmcrle` (Debian's package dcmtk). The images are drawn here; no patient is in them.

Beside NAME.dcm lies NAME.f32: four planes of float32, little endian: stored numbers, after
`apply_modality_lut`, after `apply_voi_lut`, and as displayed. pydicom has no word for the last: padding takes the
darkest value of what is not padding, and MONOCHROME1 is inverted within the range of the VOI transformation.
"""

import pathlib
import subprocess
import sys
import warnings

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000,
    JPEG2000Lossless,
)

warnings.simplefilter("ignore")
WIDTH, HEIGHT = 16, 12
ROOT = "1.2.826.0.1.3680043.9999."


def pattern(bits, signed=False):
    """A ramp with a bright square, over most of the numbers that `bits` hold."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    image = (x * 31 + y * 17) % 256
    image[3:7, 4:9] = 250
    numbers = image.astype("i8") * (2**bits - 1) // 255
    return numbers - 2 ** (bits - 1) if signed else numbers


def lut(first, entries, bits, vr="US"):
    item = Dataset()
    if vr == "OW":
        item.add_new(0x00283006, "OW", np.asarray(entries, "<u2").tobytes())
    else:
        item.add_new(0x00283006, "US", [int(e) for e in entries])
    item.add_new(0x00283002, "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    return Sequence([item])


def file(bits=12, allocated=16, signed=False, syntax=ExplicitVRLittleEndian, numbers=None, **elements):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    meta.MediaStorageSOPInstanceUID = ROOT + "1"
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = ROOT + "0"
    data_set = FileDataset(
        None, {}, file_meta=meta, preamble=bytes(128), is_implicit_VR=syntax == ImplicitVRLittleEndian,
        is_little_endian=syntax != ExplicitVRBigEndian)
    data_set.SOPClassUID = meta.MediaStorageSOPClassUID
    data_set.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID = ROOT + "2", ROOT + "3"
    data_set.Modality, data_set.BodyPartExamined, data_set.ViewPosition = "DX", "CHEST", "PA"
    data_set.SamplesPerPixel, data_set.PhotometricInterpretation = 1, "MONOCHROME2"
    data_set.Rows, data_set.Columns = HEIGHT, WIDTH
    data_set.BitsAllocated, data_set.BitsStored, data_set.HighBit = allocated, bits, bits - 1
    data_set.PixelRepresentation = int(signed)
    for name, value in elements.items():
        setattr(data_set, name, value)
    numbers = pattern(bits, signed) if numbers is None else numbers
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    kind = "i" if signed else "u"
    cells = numbers.astype(f"{order}{kind}{allocated // 8}").tobytes()
    if order == ">" and allocated == 8:
        data_set.add_new(0x7FE00010, "OB", cells)
    else:
        data_set.add_new(0x7FE00010, "OB" if allocated == 8 else "OW", cells)
    return data_set


def displayed(data_set, stored, voi):
    values = voi.astype("f8")
    if data_set.PhotometricInterpretation == "MONOCHROME1":
        low, high = voi_range(data_set)
        values = low + high - values
    padding = data_set.get("PixelPaddingValue")
    if padding is not None:
        ends = sorted((padding, data_set.get("PixelPaddingRangeLimit", padding)))
        is_padding = (stored >= ends[0]) & (stored <= ends[1])
        values[is_padding] = values[~is_padding].min()
    return values


def voi_range(data_set):
    """Of what the VOI transformation gives (PS3.3, C.11.2.1.2)."""
    if data_set.get("VOILUTSequence"):
        return 0, 2 ** data_set.VOILUTSequence[0].LUTDescriptor[2] - 1
    low, high = 0, 2**data_set.BitsStored - 1
    if data_set.get("ModalityLUTSequence"):
        high = 2 ** data_set.ModalityLUTSequence[0].LUTDescriptor[2] - 1
    elif data_set.PixelRepresentation:
        low, high = -(2 ** (data_set.BitsStored - 1)), 2 ** (data_set.BitsStored - 1) - 1
    slope, intercept = data_set.get("RescaleSlope", 1), data_set.get("RescaleIntercept", 0)
    return low * slope + intercept, high * slope + intercept


def golden(path, stored=None):
    data_set = pydicom.dcmread(path)
    if stored is None:
        stored = data_set.pixel_array
        stored = stored[0] if stored.ndim == 3 else stored
    modality = apply_modality_lut(stored, data_set)
    voi = apply_voi_lut(modality, data_set)
    planes = [stored, modality, voi, displayed(data_set, stored, voi)]
    path.with_suffix(".f32").write_bytes(np.stack(planes).astype("<f4").tobytes())


def variants():
    """Name and data set of everything that pydicom writes by itself."""
    yield "implicit", file(syntax=ImplicitVRLittleEndian, WindowCenter=2000, WindowWidth=1500)
    yield "explicit", file(WindowCenter=2000, WindowWidth=1500)
    yield "big-endian", file(syntax=ExplicitVRBigEndian, WindowCenter=2000, WindowWidth=1500)
    yield "big-endian-8", file(8, 8, syntax=ExplicitVRBigEndian)
    yield "deflated", file(syntax=DeflatedExplicitVRLittleEndian, WindowCenter=2000, WindowWidth=1500)
    yield "monochrome1", file(PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE")
    yield "monochrome1-window", file(PhotometricInterpretation="MONOCHROME1", WindowCenter=1000, WindowWidth=900)
    yield "8-bit", file(8, 8)
    yield "9-of-16-bit", file(9)
    yield "16-bit", file(16)
    yield "signed-8", file(8, 8, signed=True)
    yield "signed-12", file(signed=True, WindowCenter=-100, WindowWidth=2000)
    yield "signed-16", file(16, signed=True, RescaleSlope="0.5", RescaleIntercept="-24")
    yield "signed-implicit", file(
        signed=True, syntax=ImplicitVRLittleEndian, PixelPaddingValue=-2048, PixelPaddingRangeLimit=-1500)
    yield "rescale", file(RescaleSlope="2.25", RescaleIntercept="-1024", WindowCenter="2000", WindowWidth="3000.5")
    yield "rescale-negative", file(RescaleSlope="-1", RescaleIntercept="4095", WindowCenter=2000, WindowWidth=1000)
    yield "modality-table", file(
        8, 8, ModalityLUTSequence=lut(10, [(i * i) // 2 for i in range(200)], 16),
        WindowCenter=9000, WindowWidth=12000)
    yield "modality-table-8", file(8, 8, ModalityLUTSequence=lut(0, [255 - i for i in range(256)], 8))
    yield "modality-table-signed", file(
        signed=True, ModalityLUTSequence=lut(-1500, [i * 20 for i in range(3000)], 16))
    yield "voi-table", file(VOILUTSequence=lut(100, [min(65535, i * 20) for i in range(3500)], 16, "OW"))
    yield "voi-table-10", file(10, VOILUTSequence=lut(0, [1023 - i for i in range(1024)], 10))
    yield "voi-table-signed", file(signed=True, VOILUTSequence=lut(-1500, [i for i in range(3000)], 12))
    yield "voi-table-implicit", file(
        syntax=ImplicitVRLittleEndian, VOILUTSequence=lut(100, [i * 3 for i in range(3500)], 16, "OW"))
    yield "voi-table-and-window", file(
        VOILUTSequence=lut(0, [i // 2 for i in range(4096)], 12), WindowCenter=100, WindowWidth=50)
    yield "monochrome1-voi-table", file(
        PhotometricInterpretation="MONOCHROME1", VOILUTSequence=lut(0, [i // 2 for i in range(4096)], 11))
    yield "window-linear", file(WindowCenter=2047.5, WindowWidth=4096, VOILUTFunction="LINEAR")
    yield "window-narrow", file(WindowCenter=2000, WindowWidth=1)
    yield "window-exact", file(WindowCenter=2000, WindowWidth=1000, VOILUTFunction="LINEAR_EXACT")
    yield "window-sigmoid", file(WindowCenter=2000, WindowWidth=1000, VOILUTFunction="SIGMOID")
    yield "windows", file(
        WindowCenter=["1800", "300", "40"], WindowWidth=["900", "700", "80"],
        WindowCenterWidthExplanation=["LUNG", "BONE", "SOFT"])
    yield "padding", file(PixelPaddingValue=4095 * 250 // 255, WindowCenter=2000, WindowWidth=3000)
    yield "padding-range", file(
        PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=3000, PixelPaddingRangeLimit=4095)
    two = file(WindowCenter=2000, WindowWidth=1500, NumberOfFrames=2)
    two.PixelData += (4095 - pattern(12)).astype("<u2").tobytes()
    yield "frames", two
    nested = file(WindowCenter=2000, WindowWidth=1500)
    inner, outer = Dataset(), Dataset()
    inner.add_new(0x00091010, "SQ", Sequence([Dataset()]))
    inner["00091010"].is_undefined_length = True
    outer.add_new(0x00091010, "SQ", Sequence([inner, Dataset()]))
    outer["00091010"].is_undefined_length = True
    for sequence in (outer["00091010"], inner["00091010"]):
        for item in sequence.value:
            item.is_undefined_length_sequence_item = True
    nested.add_new(0x00090010, "LO", "THORAX TEST")
    nested.add_new(0x00091010, "SQ", outer["00091010"].value)
    nested["00091010"].is_undefined_length = True
    yield "nested", nested


def command(*arguments):
    subprocess.run([str(a) for a in arguments], check=True)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, data_set in variants():
        path = folder / f"{name}.dcm"
        data_set.save_as(path, enforce_file_format=True)
        golden(path)

    # Numbers in the upper bits of a cell, which pydicom does not move; the lower four are an overlay of long ago.
    numbers = pattern(12)
    data_set = file(numbers=numbers << 4 | 5, HighBit=15)
    data_set.save_as(folder / "high-bit.dcm", enforce_file_format=True)
    golden(folder / "high-bit.dcm", stored=numbers)
    # Unused bits that are set.
    numbers = pattern(12, signed=True)
    data_set = file(numbers=(numbers & 0xFFF | 0x3000), RescaleSlope=1, RescaleIntercept=0)
    data_set.PixelRepresentation = 1
    data_set.save_as(folder / "unused-bits.dcm", enforce_file_format=True)
    golden(folder / "unused-bits.dcm", stored=numbers.astype("i2"))

    window = {"WindowCenter": 2000, "WindowWidth": 1500}
    scratch = folder / "scratch.dcm"
    for name, data_set, program in [
        ("rle", file(**window), ["dcmcrle"]),
        ("rle-8", file(8, 8), ["dcmcrle"]),
        ("rle-fragments", file(**window), ["dcmcrle", "+fs", "1"]),
        ("jpeg-baseline", file(8, 8), ["dcmcjpeg", "+eb"]),
        ("jpeg-extended", file(**window), ["dcmcjpeg", "+ee"]),
        ("jpeg-lossless", file(**window), ["dcmcjpeg", "+el", "+sv", "6"]),
        ("jpeg-lossless-sv1", file(16), ["dcmcjpeg", "+e1"]),
        ("jpeg-lossless-signed", file(signed=True), ["dcmcjpeg", "+e1"]),
        ("jpeg-ls", file(**window), ["dcmcjpls", "+el"]),
        ("jpeg-ls-8", file(8, 8), ["dcmcjpls", "+el"]),
        ("jpeg-ls-signed", file(signed=True), ["dcmcjpls", "+el"]),
        ("jpeg-ls-near", file(**window), ["dcmcjpls", "+en", "+md", "3"]),
        ("rle-frames", next(d for n, d in variants() if n == "frames"), ["dcmcrle"]),
    ]:
        data_set.save_as(scratch, enforce_file_format=True)
        path = folder / f"{name}.dcm"
        command(*program, scratch, path)
        golden(path)
    scratch.unlink()
    for name, uid, options in [
        ("jpeg-2000", JPEG2000Lossless, {}),
        ("jpeg-2000-lossy", JPEG2000, {"j2k_cr": [4]}),
    ]:
        # Its five reductions want 32 pixels a side.
        numbers = np.tile(pattern(12), (3, 2))[:32]
        data_set = file(numbers=numbers, Rows=32, Columns=32, **window)
        data_set.compress(uid, encoding_plugin="pylibjpeg", generate_instance_uid=False, **options)
        path = folder / f"{name}.dcm"
        data_set.save_as(path, enforce_file_format=True)
        golden(path)
    # One codestream in three fragments.
    data_set = pydicom.dcmread(folder / "jpeg-2000.dcm")
    stream = next(generate_frames(data_set.PixelData, number_of_frames=1))
    data_set.PixelData = encapsulate([stream], fragments_per_frame=3)
    data_set.save_as(folder / "fragments.dcm", enforce_file_format=True)
    golden(folder / "fragments.dcm")


if __name__ == "__main__":
    main()
