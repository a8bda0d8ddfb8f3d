"""Golden values of the BERT encoder, from Hugging Face `transformers`.

    python Tools/reference/bert.py [MINILM]      # with the folder of all-MiniLM-L6-v2, that model's values too

Writes to Tests/Fixtures/bert:
- tiny/            a small random encoder: config.json, model.safetensors
- tiny-bin/        the same as an older checkpoint: `bert.` prefix, gamma and beta, heads, pytorch_model.bin
- tiny.safetensors tokens, the hidden states of every layer, and of a padded batch under an attention mask
- base.safetensors 12 layers of 768 with weights drawn from a seed in the order of the encoder's initialiser
- minilm.safetensors  tokens, hidden states and sentence embeddings of a few sentences
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

FIXTURES = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "bert"
TINY = dict(vocab_size=53, hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40,
            max_position_embeddings=32, type_vocab_size=2, layer_norm_eps=1e-12)
BASE = dict(vocab_size=100, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072,
            max_position_embeddings=32, type_vocab_size=2, layer_norm_eps=1e-12)
BASE_SEED = 20
SENTENCES = ["Right lower lobe pneumonia with focal consolidation", "No acute cardiopulmonary abnormality.", "effusion"]


def model(**options):
    return BertModel(BertConfig(**options, hidden_act="gelu"), add_pooling_layer=False).eval()


@torch.no_grad()
def hidden_states(encoder, rows, mask=None):
    return encoder(torch.tensor(rows), attention_mask=mask, output_hidden_states=True).hidden_states


def write_tiny():
    folder = FIXTURES / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(3)
    encoder = model(**TINY)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    configuration = dict(TINY, model_type="bert", hidden_act="gelu", position_embedding_type="absolute")
    (folder / "config.json").write_text(json.dumps(configuration, indent=2) + "\n")
    state = {name: tensor.contiguous() for name, tensor in encoder.state_dict().items()}
    save_file({**state, "pooler.dense.weight": torch.ones(24, 24), "pooler.dense.bias": torch.zeros(24)},
              folder / "model.safetensors")

    text = [2, 17, 30, 9, 44, 51, 3]
    short = [2, 8, 3]
    padded = torch.tensor([text, short + [0] * (len(text) - len(short))])
    golden = {"ids": torch.tensor(text, dtype=torch.int32)}
    for layer, states in enumerate(hidden_states(encoder, [text])):
        golden[f"layer.{layer}"] = states[0].contiguous()
    masked = hidden_states(encoder, padded.tolist(), (padded != 0).long())[-1]
    golden["padded.0"], golden["padded.1"] = masked[0].contiguous(), masked[1].contiguous()
    golden["short"] = torch.tensor(short, dtype=torch.int32)
    save_file(golden, FIXTURES / "tiny.safetensors")

    old = FIXTURES / "tiny-bin"
    old.mkdir(exist_ok=True)
    (old / "config.json").write_text(json.dumps(configuration, indent=2) + "\n")

    def old_name(name):
        return "bert." + name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")

    extra = {
        "bert.embeddings.position_ids": torch.arange(32)[None], "bert.pooler.dense.weight": torch.ones(24, 24),
        "bert.pooler.dense.bias": torch.zeros(24), "cls.predictions.bias": torch.zeros(53),
        "cls.seq_relationship.weight": torch.zeros(2, 24),
    }
    torch.save({**{old_name(name): tensor for name, tensor in state.items()}, **extra}, old / "pytorch_model.bin")


def write_base():
    """Weights as the Swift initialiser draws them: tables and matrices normal with 0.02, in its order."""
    generator = torch.Generator().manual_seed(BASE_SEED)
    encoder = model(**BASE)
    state = encoder.state_dict()

    def draw(name):
        state[name] = torch.randn(state[name].shape, generator=generator) * 0.02

    def linear(name):
        # The encoder's linear layers fill their weights by 0.02 and their biases by PyTorch's rule.
        draw(name + ".weight")
        bound = state[name + ".weight"].shape[1] ** -0.5
        state[name + ".bias"] = torch.rand(state[name + ".bias"].shape, generator=generator) * (2 * bound) - bound

    for table in ("word", "position", "token_type"):
        draw(f"embeddings.{table}_embeddings.weight")
    for layer in range(BASE["num_hidden_layers"]):
        prefix = f"encoder.layer.{layer}."
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            linear(prefix + name)
        linear(prefix + "intermediate.dense")
        linear(prefix + "output.dense")
    encoder.load_state_dict(state)
    ids = [2, 17, 30, 9, 44, 51, 98, 7, 3]
    save_file({"ids": torch.tensor(ids, dtype=torch.int32), "hidden": hidden_states(encoder, [ids])[-1][0].contiguous()},
              FIXTURES / "base.safetensors")


def write_minilm(folder):
    configuration = json.loads((folder / "config.json").read_text())
    encoder = model(**{key: configuration[key] for key in TINY})
    state = load_file(folder / "model.safetensors")
    missing, unexpected = encoder.load_state_dict(state, strict=False)
    assert not missing and set(unexpected) <= {"embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"}
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    golden = {}
    for index, sentence in enumerate(SENTENCES):
        ids = tokenizer.encode(sentence).ids
        hidden = hidden_states(encoder, [ids])[-1][0]
        golden[f"ids.{index}"] = torch.tensor(ids, dtype=torch.int32)
        golden[f"hidden.{index}"] = hidden.contiguous()
        golden[f"embedding.{index}"] = torch.nn.functional.normalize(hidden.mean(0), dim=0)
    save_file(golden, FIXTURES / "minilm.safetensors")


write_tiny()
write_base()
if len(sys.argv) > 1:
    write_minilm(Path(sys.argv[1]))
