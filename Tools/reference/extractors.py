"""Writes Tests/Fixtures/extractors.safetensors, what the published feature extractors compute with random weights, and
Tests/Fixtures/extractors-tiny.pt, a vision transformer of 64 channels; and tensor_files/module legacy.pt, a saved module.

    python3 Tools/reference/extractors.py [--weights FOLDER]

Needs torch 2.11 or later, torchvision, pytorch-fid 0.3, clean-fid 0.1.35, torchxrayvision 1.5, transformers 5.24, scipy and
safetensors. --weights writes the three networks' weights into a folder as well, in the layout of the publishers' files.

Weights are drawn as classifiers.py draws them: a generator of seed 0, one tensor after another in the order of their names
as plain strings; r = randn; more than one dimension: r times the root of 2 / fan-in (position embeddings and class token of
three dimensions: r / 2); weights of one dimension and scales of layers: 1 + 0.1 r; variances: 1 + 0.1 r^2; all else: 0.1 r.
Inputs of networks are rand of a generator of seed 1. Images are drawn by whole numbers (`picture`). So the file holds
results alone, and a hash of the names and shapes of each network. All networks compute in float64, but for the two distances,
which are what pytorch-fid and clean-fid print.
"""

import argparse
import collections
import contextlib
import hashlib
import io
import math
import pathlib
import tempfile
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

FIXTURE = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/extractors.safetensors"
MODULE = FIXTURE.parent / "tensor_files/module legacy.pt"
TINY = FIXTURE.parent / "extractors-tiny.pt"
# Images of a set: their number, width and height, and what tells the sets apart.
SETS = {"real": (24, 120, 96, 3), "drawn": (20, 500, 520, 41)}


def weights(shapes):
    generator = torch.Generator().manual_seed(0)
    state = {}
    for name, shape in sorted(shapes.items()):
        r = torch.randn(shape, generator=generator)
        if len(shape) == 3:
            state[name] = r / 2
        elif len(shape) > 1:
            state[name] = r * math.sqrt(2 * shape[0] / r.numel())
        elif name.endswith("running_var"):
            state[name] = 1 + 0.1 * r.square()
        else:
            state[name] = 1 + 0.1 * r if name.endswith(("weight", "lambda1")) else 0.1 * r
    return state


def shapes_of(state, rename=lambda name: name):
    return {rename(name): list(tensor.shape) for name, tensor in state.items()
            if not name.endswith("num_batches_tracked") and name != "embeddings.mask_token"}


def listing(shapes):
    lines = "".join(f"{name} {shape}\n" for name, shape in sorted(shapes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def inputs(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(1))


def picture(index, width, height, kind):
    """Grey levels of whole numbers: three triangular waves."""
    y, x = np.mgrid[0:height, 0:width]

    def wave(t):
        return np.abs(t % 512 - 256)

    total = (wave(x * (kind + index % 5) + 31 * index) + wave(y * (kind + 2 + index % 3) + 17 * index)
             + wave((x + y) * (1 + index % kind) + 40 * index))
    return np.minimum(total // 3, 255).astype(np.uint8)


def inception():
    """pytorch-fid's network with its `fc`, which its InceptionV3 leaves out, and its blocks."""
    import pytorch_fid.inception as module
    real = module.load_state_dict_from_url
    blank = module._inception_v3(num_classes=1008, aux_logits=False, weights=None)
    for name, block in {
            "Mixed_5b": module.FIDInceptionA(192, 32), "Mixed_5c": module.FIDInceptionA(256, 64),
            "Mixed_5d": module.FIDInceptionA(288, 64), "Mixed_6b": module.FIDInceptionC(768, 128),
            "Mixed_6c": module.FIDInceptionC(768, 160), "Mixed_6d": module.FIDInceptionC(768, 160),
            "Mixed_6e": module.FIDInceptionC(768, 192), "Mixed_7b": module.FIDInceptionE_1(1280),
            "Mixed_7c": module.FIDInceptionE_2(2048)}.items():
        setattr(blank, name, block)
    state = weights(shapes_of(blank.state_dict()))
    whole = dict(blank.state_dict(), **state)
    module.load_state_dict_from_url = lambda *arguments, **more: whole
    features = module.InceptionV3([3], resize_input=False, normalize_input=False).eval()
    resizing = module.InceptionV3([3]).eval()
    module.load_state_dict_from_url = real
    return state, whole, features, resizing


def dino_name(name):
    """The name in files, and in transformers up to 4."""
    for new, old in (("q_proj", "attention.query"), ("k_proj", "attention.key"), ("v_proj", "attention.value"),
                     ("o_proj", "output.dense")):
        name = name.replace(f".attention.{new}.", f".attention.{old}.")
    return name


def distances(resizing, folder):
    """What pytorch-fid and clean-fid print for the two sets."""
    import cleanfid.fid
    import pytorch_fid.fid_score as score
    paths = {}
    for name, (count, width, height, kind) in SETS.items():
        paths[name] = folder / name
        paths[name].mkdir()
        for index in range(count):
            Image.fromarray(picture(index, width, height, kind)).save(paths[name] / f"{index:03}.png")
    statistics, files = {}, {}
    for name, path in paths.items():
        files[name] = sorted(path.glob("*.png"))
        activations = score.get_activations(files[name], resizing, 4, 2048, "cpu", 0)
        statistics[name] = activations
    legacy = score.calculate_frechet_distance(
        *(value for name in SETS for value in (statistics[name].mean(0), np.cov(statistics[name], rowvar=False))))
    blocks = resizing.blocks

    def extractor(x):
        # clean-fid's own wrapper: (x - 128) / 128 in front of the network.
        y = (x - 128) / 128
        for block in blocks:
            y = block(y)
        return y.flatten(1)

    features = {name: cleanfid.fid.get_folder_features(
        str(path), extractor, num_workers=0, batch_size=4, device=torch.device("cpu"), mode="clean", verbose=False)
        for name, path in paths.items()}
    clean = cleanfid.fid.fid_from_feats(*(features[name] for name in SETS))
    return legacy, clean, statistics, features


def exact(one, other):
    """The distance by the eigenvalues of symmetric matrices, to see what scipy's root of a singular product is worth."""
    a, b = (np.cov(x, rowvar=False) for x in (one, other))
    values, vectors = np.linalg.eigh(a)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    overlap = np.sqrt(np.linalg.eigvalsh(root @ b @ root).clip(0)).sum()
    return ((one.mean(0) - other.mean(0)) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * overlap


def main():
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=pathlib.Path, metavar="FOLDER")
    options = parser.parse_args()
    results, notes = {}, {}

    state, whole, features, resizing = inception()
    notes["inception.names"] = listing(shapes_of(state))
    image = inputs(2, 3, 123, 139).double() * 2 - 1
    with torch.no_grad():
        pooled = features.double()(image)[0].flatten(1)
        # The largest input has the sides that all blocks are trained with.
        large = features(inputs(1, 3, 299, 299).double() * 2 - 1)[0].flatten(1)
        logits = pooled @ state["fc.weight"].double().T
    results |= {"inception.features": pooled, "inception.large": large, "inception.logits": logits,
                "inception.biased": logits + state["fc.bias"].double()}
    with tempfile.TemporaryDirectory() as folder:
        legacy, clean, *sets = distances(resizing, pathlib.Path(folder))
        by_eigenvalues = [exact(*(group[name] for name in SETS)) for group in sets]
    print("legacy", legacy, by_eigenvalues[0], "clean", clean, by_eigenvalues[1])
    notes |= {"fid.legacy": repr(float(legacy)), "fid.clean": repr(float(clean)),
              "fid.legacy.exact": repr(float(by_eigenvalues[0])), "fid.clean.exact": repr(float(by_eigenvalues[1]))}
    files = {"pt_inception-2015-12-05-6726825d.pth": whole}

    import torchxrayvision as xrv
    with contextlib.redirect_stdout(io.StringIO()):
        network = xrv.models.DenseNet(weights=None)
        shapes = shapes_of(network.state_dict())
        state = weights(shapes)
        network.load_state_dict(state, strict=False)
        network.input_resolution = 224
        network.double().eval()
        image = inputs(2, 1, 224, 224).double() * 2048 - 1024
        square = xrv.datasets.XRayCenterCrop()(xrv.utils.normalize(picture(4, 330, 301, 5), 255)[None])
        square = torch.from_numpy(square)[None]
        with torch.no_grad():
            results |= {"densenet.features": network.features2(image), "densenet.logits": network(image),
                        "densenet.input": xrv.utils.fix_resolution(square, 224, network)[0, 0, ::7, ::7]}
    notes["densenet.names"] = listing(shapes)
    # As the publisher has it: a whole module.
    files["densenet121-res224.pt"] = network.float()

    import transformers
    network = transformers.Dinov2Model(transformers.Dinov2Config(image_size=518)).double().eval()
    shapes = shapes_of(network.state_dict(), dino_name)
    state = weights(shapes)
    new = {dino_name(name): name for name in network.state_dict()}
    network.load_state_dict({new[name]: tensor for name, tensor in state.items()}, strict=False)
    with torch.no_grad():
        results |= {"dino.features": network(inputs(1, 3, 518, 518).double() * 2 - 1).pooler_output,
                    "dino.interpolated": network(inputs(2, 3, 70, 102).double() * 2 - 1).pooler_output}
    notes["dino.names"] = listing(shapes)
    processor = transformers.BitImageProcessorPil(
        size={"shortest_edge": 518}, crop_size={"height": 518, "width": 518}, image_mean=[0.5307] * 3,
        image_std=[0.2583] * 3)
    grey = Image.fromarray(picture(4, 330, 301, 5)).convert("RGB")
    results["dino.input"] = torch.as_tensor(np.asarray(processor(grey)["pixel_values"][0]))[0, ::7, ::7]
    files["model.safetensors"] = state | {"embeddings.mask_token": torch.zeros(1, 768)}

    # The same network with as few weights as there can be, in a file of PyTorch's, with the names of transformers 5.
    network = transformers.Dinov2Model(transformers.Dinov2Config(
        hidden_size=64, num_hidden_layers=2, num_attention_heads=1, mlp_ratio=1, patch_size=2, image_size=8)).half()
    network.load_state_dict({name: tensor.half() for name, tensor in weights(shapes_of(network.state_dict())).items()},
                            strict=False)
    torch.save({"state_dict": network.state_dict(), "epoch": 1}, TINY)
    with torch.no_grad():
        results["tiny.features"] = network.double().eval()(inputs(2, 3, 8, 8).double() * 2 - 1).pooler_output

    # A module of modules as PyTorch saved it before 1.6, with the source of its class.
    module = torch.nn.Sequential(collections.OrderedDict(
        convolution=torch.nn.Conv2d(1, 2, 3, bias=False), inner=torch.nn.ModuleDict({"norm": torch.nn.BatchNorm2d(2)})))
    module.load_state_dict({name: torch.full_like(tensor, index)
                            for index, (name, tensor) in enumerate(sorted(module.state_dict().items()))})
    torch.save(module, MODULE, _use_new_zipfile_serialization=False)

    save_file({name: tensor.float().contiguous() for name, tensor in results.items()}, FIXTURE, metadata=notes)
    print(FIXTURE, FIXTURE.stat().st_size, "bytes")
    for name, tensor in results.items():
        print(name, list(tensor.shape), float(tensor.abs().mean()), float(tensor.std()))
    if options.weights:
        options.weights.mkdir(parents=True, exist_ok=True)
        for name, state in files.items():
            path = options.weights / name
            save_file(state, path) if name.endswith(".safetensors") else torch.save(state, path)


if __name__ == "__main__":
    main()
