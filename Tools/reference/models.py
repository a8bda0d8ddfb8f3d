"""Writes Tests/Fixtures/models: what PyTorch computes with the networks of Sources/RadiographModels.

    python3 Tools/reference/models.py

`released.pt` is a checkpoint laid out as the article author's, at full size: all of its tensors are overlapping views
of one short storage, so that the file stays small. `released.safetensors` holds inputs and outputs of the author's
modules, written down here from their description, with these weights.

`tiny.safetensors` holds inputs, outputs and gradient norms of small networks (networks.py) with every part that the
default model has, with weights by rule: names sorted as plain strings; tensor i has elements s = sin(0.37 j + i); more
than one dimension: s / sqrt(elements / shape[0]); one dimension and a name that ends in `weight`: 1 + 0.1 s; otherwise
0.1 s.

Needs torch 2.11, safetensors.
"""

import math
import pathlib

import networks
import torch
from safetensors.torch import save_file
from torch import nn

FIXTURES = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/models"


def attend(q, k, v, heads):
    """`[B, C, L]` queries, keys and values; heads are contiguous groups of channels."""
    q, k, v = (t.reshape(t.shape[0], heads, t.shape[1] // heads, t.shape[2]) for t in (q, k, v))
    scores = torch.einsum("bhdl,bhds->bhls", q, k) / math.sqrt(q.shape[2])
    out = torch.einsum("bhls,bhds->bhdl", scores.softmax(-1), v)
    return out.reshape(out.shape[0], -1, out.shape[3])


# The author's modules, by the author's names


class ReleasedSelfAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.to_qkv = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.to_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        q, k, v = self.to_qkv(self.norm(x)).flatten(2).chunk(3, dim=1)
        return self.to_out(attend(q, k, v, 8).reshape(x.shape)) + x


class ReleasedCrossAttention(nn.Module):
    def __init__(self, channels, context):
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.to_q = nn.Conv2d(channels, channels, 1, bias=False)
        self.to_k = nn.Linear(context, channels, bias=False)
        self.to_v = nn.Linear(context, channels, bias=False)
        self.to_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x, context):
        q = self.to_q(self.norm(x)).flatten(2)
        k, v = self.to_k(context).transpose(1, 2), self.to_v(context).transpose(1, 2)
        return self.to_out(attend(q, k, v, 8).reshape(x.shape)) + x


class ReleasedBlock(nn.Module):
    def __init__(self, inputs, outputs, time, context=None):
        super().__init__()
        self.block1 = nn.Sequential(nn.GroupNorm(8, inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, padding=1))
        self.time_emb = nn.Sequential(nn.SiLU(), nn.Linear(time, outputs))
        self.block2 = nn.Sequential(
            nn.GroupNorm(8, outputs), nn.SiLU(), nn.Dropout(0.1), nn.Conv2d(outputs, outputs, 3, padding=1))
        if context:
            self.attention = ReleasedCrossAttention(outputs, context)
        if inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, time, context):
        h = self.block2(self.block1(x) + self.time_emb(time)[:, :, None, None])
        if hasattr(self, "attention"):
            h = self.attention(h, context)
        return h + (self.shortcut(x) if hasattr(self, "shortcut") else x)


class ReleasedDown(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.downsample = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x):
        return self.downsample(x)


class ReleasedUp(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.upsample = nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(self.upsample(x))


class ReleasedTime(nn.Module):
    def __init__(self, sinusoid_count, width):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(sinusoid_count, width), nn.SiLU(), nn.Linear(width, width))
        self.sinusoid_count = sinusoid_count

    def forward(self, times):
        return self.main(networks.sinusoids(times, self.sinusoid_count))


class ReleasedUNet(nn.Module):
    def __init__(self, channels=48, latent=8, context=768):
        super().__init__()
        widths, time = [channels * m for m in (1, 2, 4, 8)], 4 * channels
        self.time_embed = ReleasedTime(channels, time)
        self.input_blocks = nn.ModuleList([nn.Conv2d(latent, channels, 3, padding=1)])
        kept, width = [channels], channels
        for level, outputs in enumerate(widths):
            for _ in range(2):
                self.input_blocks.append(ReleasedBlock(width, outputs, time, context if level == 3 else None))
                width = outputs
                kept.append(width)
            if level < 3:
                self.input_blocks.append(ReleasedDown(width))
                kept.append(width)
        self.middle_block = nn.ModuleList(
            [ReleasedBlock(width, width, time, context), ReleasedBlock(width, width, time)])
        self.output_blocks = nn.ModuleList()
        for level, outputs in reversed(list(enumerate(widths))):
            for _ in range(3):
                block = ReleasedBlock(width + kept.pop(), outputs, time, context if level == 3 else None)
                self.output_blocks.append(block)
                width = outputs
            if level > 0:
                self.output_blocks.append(ReleasedUp(width))
        self.out = nn.Sequential(nn.GroupNorm(8, width), nn.SiLU(), nn.Conv2d(width, latent, 3, padding=1))

    def forward(self, x, times, context):
        time, kept = self.time_embed(times), []
        for block in self.input_blocks:
            x = block(x, time, context) if isinstance(block, ReleasedBlock) else block(x)
            kept.append(x)
        for block in self.middle_block:
            x = block(x, time, context)
        for block in self.output_blocks:
            if isinstance(block, ReleasedBlock):
                x = block(torch.cat([x, kept.pop()], dim=1), time, context)
            else:
                x = block(x)
        return self.out(x)


class ReleasedAutoencoder(nn.Module):
    def __init__(self, channels=48, latent=8):
        super().__init__()
        widths = [channels * m for m in (1, 2, 4, 8)]

        def stage(i, o, convolution):
            return nn.Sequential(nn.GroupNorm(8, i), nn.SiLU(), convolution(i, o))

        def down(i, o):
            return nn.Conv2d(i, o, 3, stride=2, padding=1)

        def up(i, o):
            return nn.ConvTranspose2d(i, o, 4, stride=2, padding=1)

        def same(i, o):
            return nn.Conv2d(i, o, 3, padding=1)

        self.encoder, self.decoder = nn.Module(), nn.Module()
        self.encoder.conv_in = same(1, widths[0])
        self.encoder.down_blocks = nn.Sequential(
            *[nn.Sequential(stage(i, o, down)) for i, o in zip(widths, widths[1:])])
        self.encoder.final = stage(widths[3], 2 * latent, same)
        self.decoder.conv_in = same(latent, widths[3])
        self.decoder.up_blocks = nn.Sequential(
            nn.Sequential(ReleasedSelfAttention(widths[3]), stage(widths[3], widths[2], up)),
            nn.Sequential(ReleasedSelfAttention(widths[2]), stage(widths[2], widths[1], up)),
            nn.Sequential(stage(widths[1], widths[0], up)))
        self.decoder.final = stage(widths[0], 1, same)

    def encode(self, x):
        e = self.encoder
        return e.final(e.down_blocks(e.conv_in(x))).chunk(2, dim=1)

    def decode(self, z):
        d = self.decoder
        return d.final(d.up_blocks(d.conv_in(z)))


# `TinyNetworks` of the tests, as `model.json` has architectures

TINY_AUTOENCODER = {
    "imageChannels": 1, "latentChannels": 4, "activation": "silu", "normalisationGroups": 4,
    "normalisationEpsilon": 1e-5,
    "encoder": [
        {"pixelUnshuffle": {"factor": 2}}, {"convolution": {"channels": 8}}, {"residual": {}},
        {"normalisedResidual": {"channels": 12, "stride": 2}}, {"convolution": {"channels": 8}}],
    "decoder": [
        {"convolution": {"channels": 8}}, {"upsample": {"factor": 2}}, {"residual": {}},
        {"convolution": {"channels": 4}}, {"pixelShuffle": {"factor": 2}}]}
TINY_UNET = {
    "latentChannels": 4, "contextWidth": 12, "skips": "residualBlocks", "conditioning": "scaleAndShift", "dropout": 0,
    "levels": [
        {"channels": 8, "blocks": 1, "selfAttention": "none", "crossAttention": "none"},
        {"channels": 16, "blocks": 2, "selfAttention": "last", "crossAttention": "every"}],
    "middle": {"blocks": 2, "selfAttention": "first", "crossAttention": "first"},
    "timeEmbedding": {"sinusoids": 8, "width": 16, "scale": 1000, "period": 10000},
    "attentionHeads": {"width": {"_0": 8}}, "attentionPlacement": "afterResidual",
    "downsampling": "stridedConvolutionToNextLevel", "upsampling": "pixelShuffle", "normalisationGroups": 4,
    "normalisationEpsilon": 1e-5}
TINY_TEXT = {
    "hiddenWidth": 6, "contextWidth": 12, "pooling": {"source": "hidden", "hiddenWidth": 8, "outputWidth": 16},
    "nullCondition": "learned", "tokenLimit": 8, "attendsToPadding": False}


def fill_by_rule(module):
    with torch.no_grad():
        for i, (name, parameter) in enumerate(sorted(module.named_parameters())):
            s = torch.sin(0.37 * torch.arange(parameter.numel(), dtype=torch.float64) + i).reshape(parameter.shape)
            if parameter.dim() > 1:
                s = s / math.sqrt(parameter.numel() / parameter.shape[0])
            else:
                s = 1 + 0.1 * s if name.endswith("weight") else 0.1 * s
            parameter.copy_(s.float())


def gradient_norms(module):
    return torch.stack([parameter.grad.norm() for _, parameter in sorted(module.named_parameters())])


def tiny():
    unet, autoencoder, text = (
        networks.UNet(TINY_UNET), networks.Autoencoder(TINY_AUTOENCODER), networks.TextProjection(TINY_TEXT))
    for module in (unet, autoencoder, text):
        fill_by_rule(module)
    mask = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    t = {
        "unet.in.latent": torch.randn(2, 4, 8, 8), "unet.in.times": torch.tensor([0.1, 0.8]),
        "text.in.hidden": torch.randn(2, 5, 6), "text.in.mask": mask.to(torch.uint8),
        "autoencoder.in.image": torch.rand(1, 1, 16, 16), "autoencoder.in.latent": torch.randn(1, 4, 4, 4),
    }
    t["text.out.context"], _, t["text.out.pooled"] = text(t["text.in.hidden"], mask, torch.tensor([False, False]))
    t["unet.out"] = unet(
        t["unet.in.latent"], t["unet.in.times"], t["text.out.context"].detach(), mask, t["text.out.pooled"].detach())
    t["unet.out"].square().mean().backward()
    t["unet.grad.l2"] = gradient_norms(unet)
    t["autoencoder.out.mean"], t["autoencoder.out.logVariance"] = autoencoder.encoder(
        t["autoencoder.in.image"]).chunk(2, dim=1)
    t["autoencoder.out.image"] = autoencoder.decoder(t["autoencoder.in.latent"])
    return t


def overlapping(state, storage, prefix=""):
    """The state with every tensor replaced by a view of `storage`, in which each row starts 5 after the one before."""
    views = {}
    for index, (name, tensor) in enumerate(sorted(state.items())):
        strides = (5, *torch.empty(tensor.shape).stride()[1:])
        reach = sum((size - 1) * stride for size, stride in zip(tensor.shape, strides))
        views[prefix + name] = storage.as_strided(tensor.shape, strides, 13 * index % (storage.numel() - reach))
    return views


def released():
    unet, autoencoder = ReleasedUNet().eval(), ReleasedAutoencoder().eval()
    text = nn.Sequential(nn.LayerNorm(768), nn.Linear(768, 768), nn.LayerNorm(768))
    counts = [sum(p.numel() for p in m.parameters()) for m in (autoencoder, unet, text)]
    assert counts == [3_246_353, 39_658_856, 593_664], counts
    storage = 0.06 * torch.randn(12_000)
    states = [overlapping(m.state_dict(), storage) for m in (autoencoder, unet, text)]
    checkpoint = {
        "epoch": 3,
        "vae_state_dict": states[0],
        "unet_state_dict": states[1],
        "text_encoder_state_dict": {"projection." + name: tensor for name, tensor in states[2].items()}
        | {"transformer.embeddings.LayerNorm.weight": storage[:768]},
        "config": {
            "latent_channels": 8, "model_channels": 48, "scheduler_type": "ddpm", "beta_schedule": "linear",
            "prediction_type": "epsilon", "guidance_scale": 7.5, "num_train_timesteps": 1000,
            "text_model": "dmis-lab/biobert-base-cased-v1.1"},
        "optimizer_state_dict": {"state": {}, "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.999), "params": [0, 1]}]},
    }
    torch.save(checkpoint, FIXTURES / "released.pt")
    for module, state in zip((autoencoder, unet, text), states):
        module.load_state_dict(state)
    t = {
        "unet.in.x": torch.randn(1, 8, 16, 16), "unet.in.t": torch.tensor([421]),
        "unet.in.context": torch.randn(1, 3, 768), "vae.in.image": torch.rand(1, 1, 32, 32) * 2 - 1,
        "vae.in.latent": torch.randn(1, 8, 4, 4), "text.in.hidden": torch.randn(1, 2, 768),
    }
    with torch.no_grad():
        t["unet.out"] = unet(t["unet.in.x"], t["unet.in.t"], t["unet.in.context"])
        t["vae.out.mean"], t["vae.out.logvar"] = autoencoder.encode(t["vae.in.image"])
        t["vae.out.image"] = autoencoder.decode(t["vae.in.latent"])
        t["text.out"] = text(t["text.in.hidden"])
    return t


if __name__ == "__main__":
    torch.manual_seed(0)
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for name, tensors in {"tiny": tiny(), "released": released()}.items():
        save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, FIXTURES / f"{name}.safetensors")
    for path in sorted(FIXTURES.iterdir()):
        path.chmod(0o644)
        print(path.name, path.stat().st_size, "bytes")
