"""The networks of Sources/RadiographModels in PyTorch, made from an architecture as `model.json` and a recipe have it.

One class for the autoencoder, one for the U-Net and one for the text projection, as there, and with the same names of
parameters, so that `load_state_dict` takes Thorax's weights. Written as PyTorch code usually is: `nn.GroupNorm`, `F.silu`,
`F.scaled_dot_product_attention`. Needs torch 2.11.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

ACTIVATIONS = {"silu": F.silu, "relu": F.relu, "gelu": F.gelu}


def sinusoids(times, count, scale=1, period=10000):
    """Cosines first."""
    half = count // 2
    frequencies = torch.exp(
        -math.log(period) * torch.arange(half, dtype=torch.float32, device=times.device) / half)
    angles = (times.float() * scale)[:, None] * frequencies[None]
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def split(x, heads):
    """`[B, C, H, W]` to `[B, heads, H*W, C / heads]`; heads are contiguous groups of channels."""
    return x.flatten(2).unflatten(1, (heads, -1)).transpose(2, 3)


def split_tokens(x, heads):
    """`[B, S, C]` to `[B, heads, S, C / heads]`."""
    return x.unflatten(2, (heads, -1)).transpose(1, 2)


def joined(x, shape):
    """The reverse of `split`."""
    return x.transpose(2, 3).reshape(shape)


class SelfAttention(nn.Module):
    def __init__(self, channels, heads, groups, epsilon):
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(groups, channels, epsilon)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.output = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        q, k, v = (split(part, self.heads) for part in self.qkv(self.norm(x)).chunk(3, dim=1))
        return x + self.output(joined(F.scaled_dot_product_attention(q, k, v), x.shape))


class CrossAttention(nn.Module):
    def __init__(self, channels, context, heads, groups, epsilon):
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(groups, channels, epsilon)
        self.query = nn.Conv2d(channels, channels, 1, bias=False)
        self.key, self.value = nn.Linear(context, channels, bias=False), nn.Linear(context, channels, bias=False)
        self.output = nn.Conv2d(channels, channels, 1)

    def forward(self, x, context, mask):
        q = split(self.query(self.norm(x)), self.heads)
        k, v = split_tokens(self.key(context), self.heads), split_tokens(self.value(context), self.heads)
        mask = None if mask is None else mask[:, None, None]
        return x + self.output(joined(F.scaled_dot_product_attention(q, k, v, mask), x.shape))


class NormalisedConvolution(nn.Module):
    def __init__(self, norm, convolution, activation):
        super().__init__()
        self.norm, self.convolution, self.activation = norm, convolution, activation

    def forward(self, x):
        return self.convolution(self.activation(self.norm(x)))


class ConvolutionalResidual(nn.Module):
    """Two convolutions around the input, with or without normalisation before each."""

    def __init__(self, inputs, outputs, stride, norm, activation):
        super().__init__()
        self.norm1 = norm(inputs)
        self.convolution1 = nn.Conv2d(inputs, outputs, 3, stride, 1)
        self.norm2 = norm(outputs)
        self.convolution2 = nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.shortcut = nn.Identity() if inputs == outputs and stride == 1 else nn.Conv2d(inputs, outputs, 1, stride)
        self.activation = activation

    def forward(self, x):
        h = self.convolution1(self.activation(self.norm1(x)))
        return self.convolution2(self.activation(self.norm2(h))) + self.shortcut(x)


class Autoencoder(nn.Module):
    def __init__(self, architecture):
        super().__init__()
        self.latent_channels = architecture["latentChannels"]
        self.encoder = self.stack(architecture, architecture["encoder"], architecture["imageChannels"])
        self.decoder = self.stack(architecture, architecture["decoder"], self.latent_channels)

    @staticmethod
    def stack(architecture, descriptions, channels):
        groups, epsilon = architecture["normalisationGroups"], architecture["normalisationEpsilon"]
        activation = ACTIVATIONS[architecture["activation"]]

        def norm(width):
            return nn.GroupNorm(groups, width, epsilon)

        layers = []
        for description in descriptions:
            (kind, values), = description.items()
            width, stride = values.get("channels", channels), values.get("stride", 1)
            if kind == "convolution":
                kernel = values.get("kernel", 3)
                layers.append(nn.Conv2d(channels, width, kernel, stride, kernel // 2))
            elif kind == "normalisedConvolution":
                convolution = nn.Conv2d(channels, width, 3, stride, 1)
                layers.append(NormalisedConvolution(norm(channels), convolution, activation))
            elif kind == "normalisedTransposedConvolution":
                convolution = nn.ConvTranspose2d(channels, width, 4, 2, 1)
                layers.append(NormalisedConvolution(norm(channels), convolution, activation))
            elif kind == "normalisedResidual":
                layers.append(ConvolutionalResidual(channels, width, stride, norm, activation))
            elif kind == "residual":
                layers.append(ConvolutionalResidual(channels, width, 1, lambda _: nn.Identity(), activation))
            elif kind == "selfAttention":
                layers.append(SelfAttention(channels, values["heads"], groups, epsilon))
            elif kind == "pixelUnshuffle":
                layers.append(nn.PixelUnshuffle(values["factor"]))
                width = channels * values["factor"] ** 2
            elif kind == "pixelShuffle":
                layers.append(nn.PixelShuffle(values["factor"]))
                width = channels // values["factor"] ** 2
            elif kind == "upsample":
                layers.append(nn.Upsample(scale_factor=values["factor"]))
            else:
                raise ValueError(f"no layer is called {kind}")
            channels = width
        return nn.Sequential(*layers)

    def encode(self, image):
        """Mean and log variance."""
        return self.encoder(image).chunk(2, dim=1)

    def decode(self, latent):
        return self.decoder(latent)


class TimeEmbedding(nn.Module):
    def __init__(self, sinusoids, width, scale, period):
        super().__init__()
        self.count, self.scale, self.period = sinusoids, scale, period
        self.linear1, self.linear2 = nn.Linear(sinusoids, width), nn.Linear(width, width)

    def forward(self, times):
        angles = sinusoids(times, self.count, self.scale, self.period)
        return self.linear2(F.silu(self.linear1(angles)))


class ResidualBlock(nn.Module):
    def __init__(self, architecture, inputs, outputs, attends_to_self, attends_to_text):
        super().__init__()
        groups, epsilon = architecture["normalisationGroups"], architecture["normalisationEpsilon"]
        self.scales = architecture["conditioning"] == "scaleAndShift"
        self.inside = architecture["attentionPlacement"] == "insideResidual"
        self.norm1, self.convolution1 = nn.GroupNorm(groups, inputs, epsilon), nn.Conv2d(inputs, outputs, 3, 1, 1)
        self.time = nn.Linear(architecture["timeEmbedding"]["width"], 2 * outputs if self.scales else outputs)
        self.norm2, self.convolution2 = nn.GroupNorm(groups, outputs, epsilon), nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.dropout = nn.Dropout(architecture["dropout"])
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)
        (kind, value), = architecture["attentionHeads"].items()
        # Models that were written before have {"width": {"_0": 32}}.
        value = value["_0"] if isinstance(value, dict) else value
        heads = value if kind == "count" else outputs // value
        self.selfAttention = SelfAttention(outputs, heads, groups, epsilon) if attends_to_self else None
        self.crossAttention = (
            CrossAttention(outputs, architecture["contextWidth"], heads, groups, epsilon) if attends_to_text else None)

    def attended(self, h, context, mask):
        if self.selfAttention is not None:
            h = self.selfAttention(h)
        if self.crossAttention is not None:
            h = self.crossAttention(h, context, mask)
        return h

    def forward(self, x, time, context, mask):
        """`time` has been through its activation."""
        h = self.convolution1(F.silu(self.norm1(x)))
        condition = self.time(time)[:, :, None, None]
        if self.scales:
            scale, shift = condition.chunk(2, dim=1)
            h = self.norm2(h) * (1 + scale) + shift
        else:
            h = self.norm2(h + condition)
        h = self.convolution2(self.dropout(F.silu(h)))
        if self.inside:
            return self.attended(h, context, mask) + self.shortcut(x)
        return self.attended(h + self.shortcut(x), context, mask)


class TransposedUp(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.transposed = nn.ConvTranspose2d(channels, channels, 4, 2, 1)
        self.convolution = nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, x):
        return self.convolution(self.transposed(x))


class Up(nn.Conv2d):
    """A convolution after enlargement by nearest neighbours, or before a pixel shuffle."""

    def __init__(self, kind, channels, outputs):
        self.kind = kind
        if kind == "nearest":
            super().__init__(channels, channels, 3, 1, 1)
        else:
            super().__init__(channels, 4 * outputs, 1)

    def forward(self, x):
        if self.kind == "nearest":
            return super().forward(F.interpolate(x, scale_factor=2))
        return F.pixel_shuffle(super().forward(x), 2)


class UNet(nn.Module):
    def __init__(self, architecture):
        super().__init__()
        levels, middle = architecture["levels"], architecture["middle"]
        self.keeps_everything = architecture["skips"] == "everyFeature"
        embedding = architecture["timeEmbedding"]
        self.time = TimeEmbedding(
            embedding["sinusoids"], embedding["width"], embedding["scale"], embedding["period"])
        channels = levels[0]["channels"]
        self.input = nn.Conv2d(architecture["latentChannels"], channels, 3, 1, 1)
        kept = [channels] if self.keeps_everything else []

        def chosen(selection, index, count):
            return {"none": False, "first": index == 0, "last": index == count - 1, "every": True}[selection]

        def blocks(level, count, width, inputs):
            """`inputs` are those of each block but for the first channels, which follow from the block before."""
            nonlocal channels
            made = nn.ModuleList()
            for index in range(count):
                skip = inputs.pop() if inputs is not None else 0
                made.append(ResidualBlock(
                    architecture, channels + skip, width, chosen(level["selfAttention"], index, count),
                    chosen(level["crossAttention"], index, count)))
                channels = width
                if inputs is None:
                    down_outputs.append(channels)
            return made

        self.down = nn.ModuleList()
        for place, level in enumerate(levels):
            down_outputs = []
            module = nn.ModuleDict({"blocks": blocks(level, level["blocks"], level["channels"], None)})
            kept += down_outputs
            if place + 1 < len(levels):
                following = levels[place + 1]["channels"]
                outputs = following if architecture["downsampling"] == "stridedConvolutionToNextLevel" else channels
                module["downsample"] = nn.Conv2d(channels, outputs, 3, 2, 1)
                channels = outputs
                if self.keeps_everything:
                    kept.append(channels)
            self.down.append(module)
        down_outputs = []
        self.middle = blocks(middle, middle["blocks"], channels, None)
        ups = {}
        for place, level in reversed(list(enumerate(levels))):
            count = level["blocks"] + (1 if self.keeps_everything else 0)
            module = nn.ModuleDict({"blocks": blocks(level, count, level["channels"], kept)})
            if place > 0:
                kind, following = architecture["upsampling"], levels[place - 1]["channels"]
                if kind == "transposedConvolution":
                    module["upsample"] = TransposedUp(channels)
                else:
                    module["upsample"] = Up(kind, channels, following)
                    channels = channels if kind == "nearest" else following
            ups[str(place)] = module
        self.up = nn.ModuleDict(ups)
        self.output = nn.ModuleDict({
            "norm": nn.GroupNorm(architecture["normalisationGroups"], channels, architecture["normalisationEpsilon"]),
            "convolution": nn.Conv2d(channels, architecture["latentChannels"], 3, 1, 1)})

    def forward(self, x, times, context, mask=None, pooled=None):
        time = self.time(times)
        time = F.silu(time if pooled is None else time + pooled)
        rest = (time, context, mask)
        x = self.input(x)
        kept = [x] if self.keeps_everything else []
        for level in self.down:
            for block in level["blocks"]:
                x = block(x, *rest)
                kept.append(x)
            if "downsample" in level:
                x = level["downsample"](x)
                if self.keeps_everything:
                    kept.append(x)
        for block in self.middle:
            x = block(x, *rest)
        for place in self.up:
            for block in self.up[place]["blocks"]:
                x = block(torch.cat([x, kept.pop()], dim=1), *rest)
            if "upsample" in self.up[place]:
                x = self.up[place]["upsample"](x)
        return self.output["convolution"](F.silu(self.output["norm"](x)))


class TextProjection(nn.Module):
    def __init__(self, architecture):
        super().__init__()
        hidden, context = architecture["hiddenWidth"], architecture["contextWidth"]
        self.attends_to_padding = architecture["attendsToPadding"]
        self.inputNorm, self.linear, self.outputNorm = (
            nn.LayerNorm(hidden), nn.Linear(hidden, context), nn.LayerNorm(context))
        pooling = architecture.get("pooling")
        self.pools_hidden = bool(pooling) and pooling["source"] == "hidden"
        widths = []
        if pooling:
            widths = [hidden if self.pools_hidden else context, pooling.get("hiddenWidth"), pooling["outputWidth"]]
            widths = [width for width in widths if width]
        self.pooling = nn.ModuleList(nn.Linear(i, o) for i, o in zip(widths, widths[1:]))
        self.null = None
        if architecture["nullCondition"] == "learned":
            self.null = nn.ParameterDict({"token": torch.zeros(context)})
            if pooling:
                self.null["pooled"] = torch.zeros(pooling["outputWidth"])

    def forward(self, hidden, mask, is_null):
        """Tokens, which of them may be seen (None for all), and the pooled text (None without); rows that `is_null`
        marks are no text."""
        context = self.outputNorm(self.linear(self.inputNorm(hidden)))
        pooled = None
        if len(self.pooling) > 0:
            source = hidden if self.pools_hidden else context
            weight = mask.to(source.dtype)[..., None]
            pooled = (source * weight).sum(1) / weight.sum(1).clamp(min=1)
            for index, layer in enumerate(self.pooling):
                pooled = layer(pooled if index == 0 else F.silu(pooled))
            null = self.null["pooled"] if self.null is not None else torch.zeros_like(pooled[0])
            pooled = torch.where(is_null[:, None], null.to(pooled.dtype), pooled)
        null = self.null["token"] if self.null is not None else torch.zeros_like(context[0, 0])
        context = torch.where(is_null[:, None, None], null.to(context.dtype), context)
        if self.attends_to_padding:
            return context, None, pooled
        first = torch.arange(mask.shape[1], device=mask.device) == 0
        return context, torch.where(is_null[:, None], first, mask), pooled


class Denoiser(nn.Module):
    """What the second stage trains."""

    def __init__(self, architecture):
        super().__init__()
        self.unet, self.text = UNet(architecture["unet"]), TextProjection(architecture["textProjection"])

    def forward(self, x, times, hidden, mask, is_null):
        return self.unet(x, times, *self.text(hidden, mask, is_null))
