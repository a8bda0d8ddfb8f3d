"""Imported before torchvision and what imports it: its networks without its compiled operators.

PyPI's torchvision is built for CUDA and does not load its operators beside a torch for CPUs. Only detection calls them; the
import fails nevertheless, unless their names are there.
"""

import torch

try:
    import torchvision  # noqa: F401
except RuntimeError:
    NAMES = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        NAMES.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision  # noqa: F401
