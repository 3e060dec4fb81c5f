"""Train one small model on a corpus and save it as an ordinary checkpoint."""

import logging
import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import transformers
from tqdm import tqdm
from transformers import PreTrainedModel

from thinkalike.catalogue import TRAINED_ARCHITECTURES
from thinkalike.errors import InputError
from thinkalike.files import whole_folder
from thinkalike.representations.lstm import register
from thinkalike.representations.training.architectures import build_model, settings_of
from thinkalike.representations.training.batches import EncodedCorpus, hide
from thinkalike.representations.training.heldout import HeldOut, MaskedFloor, causal_task, losses, masked_task
from thinkalike.representations.training.scan import fast_mamba
from thinkalike.representations.training.settings import Objective, Settings
from thinkalike.representations.training.tokenizer import START, WordEncoder, train_tokenizer

_logger = logging.getLogger(__name__)
_POINTS = 10
# A model this close to word frequencies has learnt nothing of the sentences.
_COLLAPSED = 0.95
COLUMNS = ["model", "architecture", "seed", "step", "split", "loss", "floor"]


def train_model(
    architecture: str,
    corpus: pd.DataFrame,
    *,
    seed: int,
    layers: int,
    folder: str | Path,
    name: str,
    width: int = 128,
    steps: int | None = None,
    vocabulary: int = 520,
    learning_rate: float | None = None,
    batch_size: int | None = None,
    positions: int = 64,
    heldout: int = 1000,
    masked_floor: MaskedFloor | None = None,
) -> pd.DataFrame:
    """Train a small language model and save it with its tokenizer.

    One thread, float32: the same arguments give the same bytes on the same kind of processor.

    Parameters
    ----------
    architecture
        `bert`, `gpt2`, `mamba` or `lstm`.
    corpus
        `split` (`train` or `heldout`), `words` (lists of words), `log_probability` (of the whole sentence, nats).
    seed
        Decides the random weights, the order of the sentences and the hidden sub-tokens; the tokenizer has no seed.
    layers, width
        Number of blocks, and of units in each.
    folder
        Where the checkpoint goes (config.json, model.safetensors, tokenizer.json, ...), whole or not at all.
    name
        The model's name in the study, for the table.
    steps, learning_rate, batch_size
        In place of the architecture's defaults; 0 steps save the random weights, an untrained control.
    vocabulary
        Sub-words, without the five special ones.
    positions
        Longest sentence that the model can read, in sub-tokens with start and end.
    heldout
        The first so many held-out sentences are scored, eleven times in all, more often early on.
    masked_floor
        The exact loss of an ideal masked model (`grammar_floor`); without it a masked model's floor is missing.

    Returns
    -------
    DataFrame
        `model, architecture, seed, step, split, loss, floor`: nats per predicted sub-token; the mean over the updates
        since the row before for `train` (its floor missing), the last row the final held-out loss.

    Raises
    ------
    InputError
        If the architecture is unknown, a number impossible, the corpus empty or not writable with its own sub-words,
        or the loss is no longer finite.
    """
    settings = _chosen(settings_of(architecture), steps=steps, learning_rate=learning_rate, batch_size=batch_size)
    objective = TRAINED_ARCHITECTURES[architecture].objective
    splits = {split: corpus[corpus["split"] == split] for split in ("train", "heldout")}
    tokenizer = train_tokenizer(splits["train"]["words"], vocabulary, objective, positions)
    encoder = WordEncoder(tokenizer)
    train = EncodedCorpus(splits["train"]["words"].tolist(), encoder, positions)
    test = HeldOut(splits["heldout"].head(heldout), encoder, positions, objective, masked_floor)
    with _one_thread(), ExitStack() as stack:
        if architecture == "mamba":
            stack.enter_context(fast_mamba())
        model = build_model(
            architecture,
            layers=layers,
            width=width,
            vocabulary=len(tokenizer),
            positions=positions,
            initial_scale=settings.initial_scale,
            seed=seed,
        )
        curve = list(_fit(model, objective, train, test, settings, seed=seed, name=name))
    _warn_if_collapsed(name, curve[-1][2], test.unigram_loss(_counts(train, len(tokenizer))), settings)
    register()
    with whole_folder(folder) as temporary:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
    rows = [(name, architecture, seed, *point, test.floor if point[1] == "heldout" else math.nan) for point in curve]
    return pd.DataFrame(rows, columns=COLUMNS)


def _chosen(settings: Settings, **given: float | None) -> Settings:
    for key, value in given.items():
        if value is not None and (value < 0 or (value == 0 and key != "steps")):
            raise InputError(f"Training: '{key}' is {value} but must be positive{' or 0' if key == 'steps' else ''}.")
    return replace(settings, **{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Use one thread: as fast as more at these sizes, and the sums keep their order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    transformers.logging.disable_progress_bar()
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _fit(
    model: PreTrainedModel,
    objective: Objective,
    train: EncodedCorpus,
    test: HeldOut,
    settings: Settings,
    *,
    seed: int,
    name: str,
) -> Iterator[tuple[int, str, float]]:
    """Update the weights; give (step, split, loss) at ten points, close together at first, the last at the end."""
    yield 0, "heldout", test.loss(model)
    if settings.steps == 0:
        return
    optimizer = _optimizer(model, settings)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step + 1, settings))
    order, places = (np.random.default_rng([seed, stream]) for stream in (1, 2))
    batches = train.shuffled(settings.batch_size, order)
    shares = np.linspace(0, 1, min(_POINTS, settings.steps) + 1) ** 2
    points = set((settings.steps * shares).round().astype(int).tolist())
    recent: list[float] = []
    model.train()
    for step in tqdm(range(1, settings.steps + 1), desc=name, unit="step", mininterval=2):
        ids = next(batches)
        task = masked_task(ids, hide(ids, settings.mask_rate, places)) if objective == "masked" else causal_task(ids)
        loss = losses(model, *task).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        recent.append(loss.item())
        if not math.isfinite(recent[-1]):
            raise InputError(f"The loss of '{name}' is not finite at step {step}: give a smaller 'learning_rate'.")
        if step in points:
            yield step, "train", float(np.mean(recent))
            yield step, "heldout", test.loss(model)
            recent = []
            model.train()


def _optimizer(model: PreTrainedModel, settings: Settings) -> torch.optim.Optimizer:
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    matrices = [parameter for parameter in parameters if parameter.ndim > 1]
    vectors = [parameter for parameter in parameters if parameter.ndim < 2]
    groups = [
        {"params": matrices, "weight_decay": settings.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98), fused=True)


def _rate(step: int, settings: Settings) -> float:
    """Return the share of the learning rate in use at a step (from 1): a rise, then half a cosine."""
    rise = max(1, round(settings.warm_up * settings.steps))
    if step <= rise:
        return step / rise
    return 0.5 * (1.0 + math.cos(math.pi * (step - rise) / max(1, settings.steps - rise)))


def _counts(corpus: EncodedCorpus, vocabulary: int) -> np.ndarray:
    counts = sum(np.bincount(group.ravel(), minlength=vocabulary) for group in corpus.groups)
    counts = np.asarray(counts)
    counts[START] = 0
    return counts


def _warn_if_collapsed(name: str, loss: float, unigram: float, settings: Settings) -> None:
    if settings.steps and loss > _COLLAPSED * unigram:
        _logger.warning(
            "Model '%s' has learnt nothing but word frequencies (held-out loss %.3f, frequencies alone %.3f nats): "
            "give more 'steps' or a smaller 'learning_rate' than %g.",
            name,
            loss,
            unigram,
            settings.learning_rate,
        )
