"""Holds the DICOM reader's grey values against pydicom's.

    swift build -c release --product measure
    python Tools/reference/compare_dicom.py .build/release/measure [FOLDER...] > table.md

Needs pydicom 3.0.2, pydicom-data 1.0.0, numpy, pylibjpeg, pylibjpeg-libjpeg, pylibjpeg-openjpeg, pyjpegls. Reads the
test files that pydicom and pydicom-data install, and those in FOLDERs. Prints a table in Markdown of every grey file
of 8 or 16 bits allocated that either side reads, and ends with 1 where one differs.

Compared are: the stored numbers (`pixel_array`), the values after `apply_modality_lut`, and those after
`apply_voi_lut` of that, each of the first frame. The last is in grey levels: the greatest difference of any pixel, with
the range that values could have after the VOI transformation spread over 0 to 255. One level is allowed. Lossy codecs
differ between libraries: where stored numbers do, the table says by how much, and later stages carry that along.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import pydicom
from pydicom.pixels import apply_modality_lut, apply_voi_lut

warnings.simplefilter("ignore")


def test_files(folders):
    roots = [pathlib.Path(pydicom.__file__).parent / "data", *folders]
    # pydicom-data installs no module but this folder.
    roots += [pathlib.Path(path) / "data_store" for path in sys.path if (pathlib.Path(path) / "data_store").is_dir()]
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.suffix not in {".py", ".pyc"}:
                yield path


def is_wanted(path):
    """Grey, 8 or 16 bits allocated, with pixels, and a DICOM file as PS3.10 has it."""
    try:
        data_set = pydicom.dcmread(path, stop_before_pixels=False)
        return (
            data_set.PhotometricInterpretation in ("MONOCHROME1", "MONOCHROME2")
            and data_set.BitsAllocated in (8, 16)
            and "PixelData" in data_set
        )
    except Exception:
        return False


def reference(path):
    data_set = pydicom.dcmread(path)
    stored = data_set.pixel_array
    if int(data_set.get("NumberOfFrames", 1) or 1) > 1:
        stored = stored[0]
    modality = apply_modality_lut(stored, data_set)
    try:
        voi = apply_voi_lut(modality, data_set)
    except Exception as error:
        print(f"<!-- {path.name}: pydicom's apply_voi_lut: {error} -->")
        voi = modality
    return {"stored": stored, "modality": modality, "voi": voi}


def main():
    program, folders = sys.argv[1], [pathlib.Path(f) for f in sys.argv[2:]]
    paths = [p for p in test_files(folders) if is_wanted(p)]
    failed = compared = 0
    print("| file | transfer syntax | grey | bits | stored: differ by | modality | VOI, grey levels |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        output = subprocess.run(
            [program, "dicom-pixels", "values", folder, *map(str, paths)], check=True, capture_output=True, text=True
        ).stdout
        for number, (path, text) in enumerate(zip(paths, output.splitlines(), strict=True)):
            line = json.loads(text)
            name = path.name
            try:
                expected = reference(path)
            except Exception as error:
                expected, reason = None, f"{type(error).__name__}"
            if expected is None or "error" in line:
                ours = line.get("error", "read").split(":")[0]
                print(f"| {name} | | | | not compared: here {ours}; pydicom {reason if expected is None else 'reads it'} | | |")
                continue
            differences = {}
            for stage, values in expected.items():
                got = np.fromfile(f"{folder}/{number}-{stage}.f32", "<f4").reshape(line["height"], line["width"])
                differences[stage] = float(np.abs(got.astype("f8") - values.astype("f8")).max())
            low, high = line["range"]["voi"]
            levels = differences["voi"] * 255 / max(high - low, 1e-30)
            compared += 1
            is_wrong = levels > 1
            failed += is_wrong
            print(
                f"| {name} | {line['transferSyntax']} | {line['photometric'][10:]} | {line['bitsStored']} |"
                f" {differences['stored']:g} | {differences['modality']:.3g} |"
                f" {levels:.2g}{' **differs**' if is_wrong else ''} |"
            )
    print(f"\n{compared} files compared, {compared - failed} within one grey level, {failed} not.")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
