"""Throughput of the extraction beside the bare forward passes over the same batches, in one run.

    python benchmarks/extraction_throughput.py                      # 2000 sentences on the CPU
    python benchmarks/extraction_throughput.py --device cuda --dtype bfloat16 --models bert gpt2 llama-7b

Models have random weights and the sizes of published ones. `bare` is nothing but the model's forward passes; `extract`
also tokenises, aligns, takes all layers and writes them. Where minicons is installed, it does the same job on the first
words. The least of several alternating repetitions is kept, since other work on the machine only ever adds time.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import AutoModel

from thinkalike import __version__
from thinkalike.representations import forward
from thinkalike.representations.forward import equal_length_batches
from thinkalike.representations.layer_writer import RepresentationWriter
from thinkalike.representations.loading import LoadedModel, load_model
from thinkalike.representations.state_space import suitable_kernels
from thinkalike.representations.units import plan_tokens

SIZES: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("BertConfig", {}),
    "gpt2": ("GPT2Config", {}),
    "mamba": ("MambaConfig", {"hidden_size": 768, "num_hidden_layers": 24}),
    "llama-7b": ("LlamaConfig", {}),
}


def random_dataset(sentences: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return sentences of two to eleven made-up words, and all words as stimuli."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("aeioubdgklmnprst"))
    vocabulary = ["".join(rng.choice(letters, size)) for size in rng.integers(2, 8, 400)]
    names = [f"s{number:05d}" for number in range(sentences)]
    words = [rng.choice(vocabulary, rng.integers(2, 12)).tolist() for _ in names]
    rows = [
        (f"{name}-{position}", name, position, word)
        for name, sentence in zip(names, words, strict=True)
        for position, word in enumerate(sentence)
    ]
    stimuli = pd.DataFrame(rows, columns=["stimulus_id", "sentence_id", "position", "word"])
    return pd.DataFrame({"sentence_id": names, "words": words}), stimuli


def save_random_model(folder: Path, name: str, texts: list[str]) -> None:
    """Save a model of a published size with random weights, and a tokenizer of whole words."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=2000, special_tokens=special))
    if name == "bert":
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip
    config_class, settings = SIZES[name]
    torch.manual_seed(0)
    dtype = torch.bfloat16 if name == "llama-7b" else torch.float32
    model = AutoModel.from_config(getattr(transformers, config_class)(**settings), dtype=dtype)
    model.save_pretrained(folder)
    wrapped.save_pretrained(folder)


def extract_all(loaded: LoadedModel, dataset: tuple[pd.DataFrame, pd.DataFrame], folder: Path, tokens: int) -> None:
    """Do what `extract` does after the model is loaded."""
    sentences, stimuli = dataset
    plan = plan_tokens(loaded.tokenizer, sentences, stimuli, "last")
    with suitable_kernels(loaded.network, loaded.device):
        inspection = forward.inspect_layers(loaded, "blocks")
        labels = inspection.layers.labels
        with RepresentationWriter(folder, stimuli["stimulus_id"], labels, {}, torch.get_num_threads()) as writer:
            for rows, vectors in forward.run_batches(loaded, inspection, plan, labels, tokens):
                writer.write(rows, vectors)


def run_bare(loaded: LoadedModel, ids: list[np.ndarray], tokens: int) -> None:
    """Run the same batches and keep nothing."""
    lengths = np.array([len(sentence) for sentence in ids])
    with suitable_kernels(loaded.network, loaded.device), torch.inference_mode():
        for batch in equal_length_batches(lengths, tokens):
            forward._call(loaded, torch.as_tensor(np.stack([ids[row] for row in batch]), device=loaded.device), False)
    if loaded.device.type == "cuda":
        torch.cuda.synchronize()


def run_minicons(folder: Path, dataset: tuple[pd.DataFrame, pd.DataFrame], words: int, device: str) -> float | None:
    """Return the words a second that minicons takes out of all layers, or None where it is not installed."""
    try:
        from minicons import cwe
    except ImportError:
        return None
    model = cwe.CWE(str(folder), device=device)
    pairs = []
    for sentence in dataset[0]["words"]:
        start = 0
        for word in sentence:
            pairs.append((" ".join(sentence), (start, start + len(word))))
            start += len(word) + 1
    pairs = pairs[:words]
    begin = time.perf_counter()
    with torch.inference_mode():
        for start in range(0, len(pairs), 32):
            model.extract_representation(pairs[start : start + 32], layer="all")
    return len(pairs) / (time.perf_counter() - begin)


def least_seconds(repeats: int, *functions: Callable[[], None]) -> list[float]:
    """Return the least time of each function over alternating repetitions."""
    times = [[0.0] * repeats for _ in functions]
    for repeat in range(repeats):
        for number, function in enumerate(functions):
            begin = time.perf_counter()
            function()
            times[number][repeat] = time.perf_counter() - begin
    return [min(row) for row in times]


def peak_memory(function: Callable[[], None], device: torch.device) -> float:
    """Return the highest memory (GiB) that a run adds to what the process or device held before."""
    if device.type == "cuda":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        function()
        return (torch.cuda.max_memory_allocated() - before) / 2**30
    Path("/proc/self/clear_refs").write_text("5")  # Linux: start the peak anew
    before = _memory("VmRSS")
    function()
    return (_memory("VmHWM") - before) / 2**20


def _memory(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Return the row of one model."""
    dataset = random_dataset(options.sentences)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        save_random_model(folder / "model", name, [" ".join(words) for words in dataset[0]["words"]])
        loaded = load_model({"hub": str(folder / "model")}, options.dtype, options.device)
        ids = plan_tokens(loaded.tokenizer, *dataset, "last").ids
        tokens = options.tokens_per_batch
        whole = lambda: extract_all(loaded, dataset, folder / "out", tokens)  # noqa: E731
        bare = lambda: run_bare(loaded, ids, tokens)  # noqa: E731
        run_bare(loaded, ids[: len(ids) // 10], tokens)
        extract_seconds, bare_seconds = least_seconds(options.repeats, whole, bare)
        extract_memory, bare_memory = peak_memory(whole, loaded.device), peak_memory(bare, loaded.device)
        minicons = run_minicons(folder / "model", dataset, options.minicons_words, str(loaded.device))
    return {
        "model": name,
        "device": torch.cuda.get_device_name() if loaded.device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "dtype": options.dtype,
        "sentences": len(ids),
        "tokens": sum(map(len, ids)),
        "words": len(dataset[1]),
        "bare_sentences_per_second": round(len(ids) / bare_seconds, 2),
        "extract_sentences_per_second": round(len(ids) / extract_seconds, 2),
        "ratio": round(bare_seconds / extract_seconds, 3),
        "bare_peak_gib": round(bare_memory, 3),
        "extract_peak_gib": round(extract_memory, 3),
        "extract_words_per_second": round(len(dataset[1]) / extract_seconds, 2),
        "minicons_words_per_second": None if minicons is None else round(minicons, 2),
        "thinkalike": __version__,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def main() -> None:
    """Measure the models that were asked for and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=list(SIZES), default=["bert", "gpt2", "mamba"])
    parser.add_argument("--sentences", type=int, default=2000)
    parser.add_argument("--tokens-per-batch", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--minicons-words", type=int, default=320)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, default=2)
    default = Path(__file__).parent / "results" / "extraction_throughput.csv"
    parser.add_argument("--output", type=Path, default=default)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    transformers.logging.set_verbosity_error()
    table = pd.DataFrame([measure(name, options) for name in options.models])
    options.output.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(options.output, index=False)
    print(table.T.to_string(header=False))


if __name__ == "__main__":
    main()
