"""Compares reading DICOM radiographs with pydicom and numpy, in one run on one core each.

    swift build -c release --product measure
    python Benchmarks/dicom.py .build/release/measure [--size 256] [--repeats 5] [FILE...]

Needs pydicom 3.0.2, numpy, Pillow, pylibjpeg, pylibjpeg-libjpeg, pylibjpeg-openjpeg, pyjpegls, and DCMTK's `dcmcjpeg`,
`dcmcjpls` and `dcmcrle` to make the files. Without FILEs it draws a radiograph of 2500 x 2048 pixels of 12 bits, smooth
shapes with a detector's noise, and writes it in every kind of transfer syntax. Both sides take a file's bytes to pixels
after modality and VOI transformation, the centred square resampled to `--size` (bilinear, antialiased; Pillow for
pydicom), spread over 0 to 255 and rounded. Each file is timed `--repeats` times on either side in turn; the table has
the medians.
"""

import argparse
import io
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless

warnings.simplefilter("ignore")


def radiograph(path, rows=2500, columns=2048):
    y, x = np.mgrid[0:rows, 0:columns].astype("f4")
    y, x = y / rows * 2 - 1, x / columns * 2 - 1
    image = 2600 - 900 * np.exp(-((x - 0.4) ** 2 * 8 + y**2 * 3)) - 900 * np.exp(-((x + 0.4) ** 2 * 8 + y**2 * 3))
    image += 300 * np.sin(y * 40) * np.exp(-(x**2) * 2) + np.random.default_rng(1).normal(0, 12, image.shape)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.3"
    meta.TransferSyntaxUID, meta.ImplementationClassUID = ExplicitVRLittleEndian, "1.2.3.4"
    data_set = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    data_set.SOPClassUID, data_set.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID, data_set.Modality = "1.2.5", "1.2.6", "DX"
    data_set.SamplesPerPixel, data_set.PhotometricInterpretation = 1, "MONOCHROME2"
    data_set.Rows, data_set.Columns, data_set.PixelRepresentation = rows, columns, 0
    data_set.BitsAllocated, data_set.BitsStored, data_set.HighBit = 16, 12, 11
    data_set.RescaleSlope, data_set.RescaleIntercept = 1, 0
    data_set.WindowCenter, data_set.WindowWidth = 2000, 2600
    data_set.add_new(0x7FE00010, "OW", np.clip(image, 0, 4095).astype("<u2").tobytes())
    data_set.save_as(path, enforce_file_format=True)


def files(folder):
    plain = folder / "uncompressed.dcm"
    radiograph(plain)
    for name, command in [
        ("rle", ["dcmcrle"]), ("jpeg-lossless", ["dcmcjpeg", "+e1"]), ("jpeg-extended", ["dcmcjpeg", "+ee"]),
        ("jpeg-ls", ["dcmcjpls"]),
    ]:
        subprocess.run([*command, str(plain), str(folder / f"{name}.dcm")], check=True)
    data_set = pydicom.dcmread(plain)
    data_set.compress(JPEG2000Lossless, encoding_plugin="pylibjpeg", generate_instance_uid=False)
    data_set.save_as(folder / "jpeg-2000.dcm", enforce_file_format=True)
    return [plain, *(folder / f"{n}.dcm" for n in ("rle", "jpeg-lossless", "jpeg-extended", "jpeg-ls", "jpeg-2000"))]


def prepare(data, size):
    data_set = pydicom.dcmread(io.BytesIO(data))
    pixels = apply_voi_lut(apply_modality_lut(data_set.pixel_array, data_set), data_set)
    rows, columns = pixels.shape
    side = min(rows, columns)
    top, left = (rows - side) // 2, (columns - side) // 2
    square = np.ascontiguousarray(pixels[top : top + side, left : left + side], dtype="f4")
    small = np.asarray(Image.fromarray(square).resize((size, size), Image.Resampling.BILINEAR))
    low, high = small.min(), small.max()
    return np.clip((small - low) * (255 / max(high - low, 1e-9)) + 0.5, 0, 255).astype("u1")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = options.files or files(pathlib.Path(folder))
        print("| file | pydicom + numpy, ms | here, ms | ratio |\n|---|---|---|---|")
        worst = float("inf")
        for path in paths:
            data = path.read_bytes()
            theirs, ours = [], []
            prepare(data, options.size)
            for _ in range(options.repeats):
                start = time.perf_counter()
                prepare(data, options.size)
                theirs.append(time.perf_counter() - start)
                # The first of two is warm-up.
                output = subprocess.run(
                    [options.program, "dicom-pixels", "time", str(options.size), "2", str(path)],
                    check=True, capture_output=True, text=True).stdout
                ours.append(float(output.split()[-1]))
            reference, own = statistics.median(theirs) * 1000, statistics.median(ours) * 1000
            worst = min(worst, reference / own)
            print(f"| {path.stem} | {reference:.1f} | {own:.1f} | {reference / own:.2f} |")
        print(f"\nleast ratio {worst:.2f}", file=sys.stderr)


if __name__ == "__main__":
    main()
